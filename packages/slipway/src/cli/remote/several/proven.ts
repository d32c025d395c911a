import type { Placement } from '../../../config/model.ts'
import type { Promotion, ProvenRelease } from '../../../release/promotion.ts'
import { isByDigest } from '../../../engine/image-reference.ts'
import { SlipwayError } from '../../../support/errors.ts'
import { isAway, onServer } from './server-error.ts'

/** What one server says of what it runs, or why that is not proven or could not be asked. */
export interface SeenProof {
  server: string
  value?: ProvenRelease
  error?: SlipwayError
}

/**
 * What several servers have proven together, as one release: each has its own services of it and all have the same.
 * Throws what stands against it on any of them. Pure.
 */
export function provenByAll(
  environment: string,
  placement: Pick<Placement, 'decides' | 'servers'>,
  seen: readonly SeenProof[],
): ProvenRelease {
  const { decides } = placement
  const unknown = seen.find(({ error }) => error !== undefined && error.code !== 'PROMOTION_REFUSED')
  if (unknown?.error !== undefined)
    throw isAway(unknown.error) ? unknown.error : onServer(unknown.server, unknown.error)
  const proven = seen.flatMap(({ server, value }) => (value === undefined ? [] : [{ server, ...value }]))
  const base = proven.find(({ server }) => server === decides)
  const against = seen.flatMap(({ server, error }) => (error === undefined ? [] : [`${server}: ${error.why}`]))
  const unlike =
    base === undefined
      ? []
      : [
          ...proven.flatMap(each => [...differences(base, each), ...strangeImages(each, placement)]),
          ...unlikeImages(proven),
        ]
  if (base === undefined || against.length > 0 || unlike.length > 0) {
    throw new SlipwayError('PROMOTION_REFUSED', `What ${environment} runs on its servers is not proven`, {
      why: [...against, ...unlike].join('; '),
      state: `nothing was changed; ${environment} goes on as it was`,
      next: `Mend it and deploy to ${environment} again; slipway status ${environment} shows how each server does.`,
    })
  }
  const unseen = proven.flatMap(each => (each.unseen ?? []).map(sentence => `${each.server}: ${sentence}`))
  return {
    promotion: { ...base.promotion, images: Object.fromEntries(imagesOf(proven)) },
    proof: proven.flatMap(({ server, proof }) => proof.map(sentence => `${server}: ${sentence}`)),
    ...(unseen.length === 0 ? {} : { unseen }),
  }
}

interface SeenPromotion {
  server: string
  promotion: Promotion
  shared?: string
}

/** A deployment gives all servers one release: one that has another was away, or was added since. */
function differences(base: SeenPromotion, other: SeenPromotion): string[] {
  const [here, there] = [other.promotion, base.promotion]
  if (here.release !== there.release)
    return [`${other.server} runs ${here.release}, and ${base.server} ${there.release}`]
  // A name may be given twice, as when a disk was lost.
  if (base.shared !== other.shared) return [`the ${here.release} of ${other.server} is not that of ${base.server}`]
  return files(here) === files(there) ? [] : [`the Compose files of ${other.server} are not those of ${base.server}`]
}

/** A server tells of its own services alone; the one that decides has the migration's and the jobs' too. */
function strangeImages(
  { server, promotion }: SeenPromotion,
  { decides, servers }: Pick<Placement, 'decides' | 'servers'>,
) {
  const own = servers.find(({ name }) => name === server)?.services ?? []
  return Object.entries(promotion.images).flatMap(([service, image]) => [
    ...(server === decides || own.includes(service) ? [] : [`${server} tells of ${service}, which has no place there`]),
    ...(isByDigest(image) ? [] : [`${server} tells no digest of the image of ${service}`]),
  ])
}

function files({ documents }: Promotion): string {
  const lines = Object.entries(documents).map(([file, hash]) => `${hash} ${file}`)
  return lines.toSorted().join('\n')
}

function unlikeImages(proven: readonly SeenPromotion[]): string[] {
  const images = imagesOf(proven)
  const services = [...new Set(images.map(([service]) => service))]
  return services
    .filter(service => new Set(images.flatMap(([name, image]) => (name === service ? [image] : []))).size > 1)
    .map(service => `the image of ${service} is not the same on all of them`)
}

function imagesOf(proven: readonly SeenPromotion[]): [service: string, image: string][] {
  return proven.flatMap(({ promotion }) => Object.entries(promotion.images))
}
