import type { EnvironmentConfig } from '../../config/model.ts'
import { containerIds, inspect, ofRelease } from '../../engine/containers.ts'
import { presentImages, type PresentImage } from '../../engine/present-images.ts'
import type { DeploymentRecord, Release } from '../../release/model.ts'
import { crashed } from '../../release/judge.ts'
import type { ContainerState, Ports } from '../../release/ports.ts'
import type { ProvenRelease } from '../../release/promotion.ts'
import { servesWell } from '../../release/watch.ts'
import { isReached } from '../../release/wellness.ts'
import type { Layout } from '../../store/layout.ts'
import { lockHolder } from '../../store/lock.ts'
import { SlipwayError } from '../../support/errors.ts'

/**
 * What an environment runs, as another may get it: committed by a deployment that saw nothing bad of it, behind the edge
 * now, every container well, and of the very images that are recorded. Throws PROMOTION_REFUSED with all that is not so.
 */
export async function provenRelease(config: EnvironmentConfig, layout: Layout, ports: Ports): Promise<ProvenRelease> {
  const { environment } = config
  const [release, history, holder] = await Promise.all([
    ports.releases.current(),
    ports.journal.history(),
    lockHolder(layout.lock),
  ])
  if (release === undefined) {
    throw new SlipwayError('NO_RELEASE', `Nothing was deployed to ${environment} yet`, {
      next: `slipway deploy ${environment}`,
    })
  }
  if (holder !== undefined) {
    throw new SlipwayError('LOCKED', `${environment} is being changed: ${holder.purpose}`, {
      state: 'nothing was changed',
      next: `Wait for its end (slipway status ${environment}) and promote again.`,
    })
  }
  const { record, watchedMs } = saidOf(release, history)
  const seen = await look(release, config, ports)
  const reasons = [...recordReasons(release, record), ...seen.reasons, ...imageReasons(release, seen.images)]
  if (reasons.length > 0) {
    throw new SlipwayError('PROMOTION_REFUSED', `${release.id} of ${environment} is not proven`, {
      why: reasons.join('; '),
      state: `nothing was changed; ${environment} goes on as it was`,
      next: `Mend it and deploy to ${environment} again; slipway status ${environment} shows how it does.`,
    })
  }
  const { id, version, commit, digests = {}, documents = {}, migrationFingerprint, shared } = release
  return {
    ...(shared === undefined ? {} : { shared }),
    promotion: {
      from: environment,
      release: id,
      version,
      images: Object.fromEntries(promoted(release).map(({ name }) => [name, digests[name] ?? ''])),
      documents,
      ...(commit === undefined ? {} : { commit }),
      ...(migrationFingerprint === undefined ? {} : { migrationFingerprint }),
    },
    proof: [
      `committed by ${record?.id ?? ''}, begun ${(record?.startedAt ?? '').slice(0, 16).replace('T', ' ')} UTC`,
      ...(watchedMs === undefined
        ? []
        : [`watched for ${Math.round(watchedMs / 1000)} s after the switch, and did well`]),
      ...containersSentence(seen.containers),
    ],
    ...(watchedMs === undefined ? { unseen: ['not watched to the end after the switch'] } : {}),
  }
}

/** One of several servers may have the database alone. */
function containersSentence(count: number): string[] {
  if (count === 0) return []
  return [
    `${count === 1 ? '1 container runs and is' : `${count} containers run and are`} well, of the recorded digests`,
  ]
}

/** Databases stay where they are. */
function promoted(release: Release): Release['services'] {
  return release.services.filter(service => service.role !== 'state')
}

/** Pure. */
/** What the history says of a release. Going back to it does not take back what was once seen of it. Pure. */
export function saidOf(
  { id }: Pick<Release, 'id'>,
  history: readonly Said[],
): { record: Said | undefined; watchedMs: number | undefined } {
  const records = history.filter(each => each.outcome === 'deployed' && each.release === id)
  const watched = records.findLast(each => each.watchedMs !== undefined)
  return {
    record: records.findLast(each => each.doubt !== undefined) ?? records.at(-1),
    watchedMs: watched?.watchedMs,
  }
}

type Said = Pick<DeploymentRecord, 'id' | 'outcome' | 'release' | 'startedAt' | 'doubt' | 'watchedMs'>

export function recordReasons(
  release: Pick<Release, 'id' | 'documents'>,
  record: Pick<DeploymentRecord, 'id' | 'doubt'> | undefined,
): string[] {
  if (record === undefined) return [`no deployment has committed ${release.id}`]
  return [
    ...(record.doubt === undefined ? [] : [`${record.id} saw it do badly: ${record.doubt}`]),
    ...(release.documents === undefined
      ? [`an older version of Slipway made ${release.id}, which did not record its Compose files`]
      : []),
  ]
}

/** Each image must be known by its digest, and still be that one here. Pure. */
export function imageReasons(
  release: Pick<Release, 'services' | 'images' | 'digests'>,
  images: ReadonlyMap<string, Pick<PresentImage, 'digests'>>,
): string[] {
  return release.services
    .filter(service => service.role !== 'state')
    .flatMap(({ name }) => {
      const digest = release.digests?.[name]
      if (digest === undefined) {
        return [
          `the image of ${name} was built there and is in no registry: push it, and let the Compose file name it under \`image\``,
        ]
      }
      const known = images.get(release.images[name] ?? '')?.digests ?? []
      return known.includes(digest) ? [] : [`the image of ${name} there is not ${digest} any more`]
    })
}

interface Seen {
  reasons: string[]
  containers: number
  images: Map<string, PresentImage>
}

async function look(release: Release, config: EnvironmentConfig, ports: Ports): Promise<Seen> {
  const wanted = Object.values(release.images)
  const [live, containers, images, well] = await Promise.all([
    ports.edge.live(),
    containerIds(ofRelease(release)).then(inspect),
    presentImages(wanted),
    servesWell(release, ports),
  ])
  const running = release.services
    .filter(service => service.role === 'web' || service.role === 'worker')
    .map(service => ({ service, own: containers.filter(each => each.state.service === service.name) }))
  return {
    images,
    containers: running.reduce((sum, { own }) => sum + own.length, 0),
    reasons: [
      ...(isReached(release, live, config)
        ? []
        : [`the edge leads to ${live === 'held' ? 'nobody: requests wait' : (live ?? 'nobody')}`]),
      ...running.flatMap(({ service, own }) =>
        own.length < service.replicas
          ? [`${service.name}: ${own.length} of ${service.replicas} containers are there`]
          : own.flatMap(each => containerReasons(each.state, each.image, release.images[service.name])),
      ),
      ...(well ? [] : ['a web service does not answer well on its health path']),
    ],
  }
}

/** Pure. */
export function containerReasons(state: ContainerState, image: string, recorded: string | undefined): string[] {
  return [
    ...ailment(state).map(what => `${state.name} ${what}`),
    ...(image === recorded ? [] : [`${state.name} runs another image than the one recorded`]),
  ]
}

/** What a gate and a watch would not let pass. */
function ailment(state: ContainerState): string[] {
  const why = crashed(state)
  if (why !== undefined) return [why]
  if (state.status !== 'running') return [`is ${state.status}`]
  return state.health === 'healthy' || state.health === 'none' ? [] : [`is ${state.health}`]
}
