import type { ComposeDocument } from '../../config/document.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { caddyEdge, type CaddyEdge } from '../../edge/edge.ts'
import type { WaitingRoom } from '../../edge/hold.ts'
import { composeEngine } from '../../engine/engine.ts'
import { adoptSources, discardRelease, fetchRelease } from '../../engine/fetch.ts'
import type { Engine, Ports, SourcePort } from '../../release/ports.ts'
import type { Agreement, AgreementKey } from '../../release/several/agreement.ts'
import { sourceFolder } from '../../source/export.ts'
import { seedLasting } from '../../source/seed.ts'
import { fileAlerts } from '../../store/alerts.ts'
import { fileExperience } from '../../store/experience.ts'
import { programHooks } from '../../store/hooks.ts'
import { fileJournal } from '../../store/journal.ts'
import type { Layout } from '../../store/layout.ts'
import { fileLock } from '../../store/lock.ts'
import { fileReleases } from '../../store/releases.ts'
import { fileWarm } from '../../store/warm.ts'
import { SlipwayError } from '../../support/errors.ts'
import { proveAddressFree } from './address.ts'
import { openAgreement } from './agreement.ts'
import type { Begun } from './begun.ts'
import { openPath } from './database-path.ts'
import { appDatabase, openBackups, openDatabase, type ContainerFinder } from './database.ts'
import { tooTightForTwo } from './memory.ts'
import type { OpenDatabases } from './open-databases.ts'
import { preflightChecks, type CheckedAhead } from './preflight.ts'
import { openLogins, releaseLogins } from './database-logins.ts'
import { openRehearsals } from './rehearsals.ts'
import { loginsAtHand } from './registries.ts'
import { readCheckout, type ResolvedSource, withDigests } from './resolve.ts'
import { edgeOptions, systemClock } from './surroundings.ts'

export interface RealPorts extends Ports {
  edge: CaddyEdge
}

/** What one command has opened and begun, whatever configuration counts in the end. */
export interface Opened {
  databases: OpenDatabases
  begun: Begun<CheckedAhead>
  /** Of several servers: the deployment of the deciding one that is followed. */
  agreementKey?: AgreementKey
  agreement?: Agreement | undefined
}

/** The real world behind the deployment's ports. */
export async function realPorts(
  config: EnvironmentConfig,
  layout: Layout,
  document: ComposeDocument,
  source: () => ResolvedSource | undefined,
  opened: Opened,
): Promise<RealPorts> {
  const { databases, begun } = opened
  const container = databases.container(config)
  const database = await openDatabase(config, document, databases)
  const ofApp = appDatabase(config, document, databases)
  const ownLogins = await openLogins(config, document, container)
  const releases = fileReleases(layout)
  const edge = projectEdge(config, layout)
  // One connection: whoever answers lets in one at a time.
  opened.agreement ??= await openAgreement(config, layout, opened.agreementKey)
  const { agreement } = opened
  const path = openPath(config)
  const hooks = programHooks(config, source()?.base.directory)
  return {
    clock: systemClock,
    lock: fileLock(layout.lock),
    journal: fileJournal(layout),
    releases,
    source: sourcePort(layout, source, id => releases.get(id)),
    engine: engineOf(container),
    edge,
    warm: { ...fileWarm(layout), tooTight: tooTightForTwo },
    experience: fileExperience(layout),
    backups: await openBackups(config, document, layout, container),
    hooks,
    alerts: fileAlerts(config, layout, hooks, systemClock.now),
    checks: preflightChecks({
      layout,
      source,
      database,
      appDatabase: ofApp,
      databaseLogins: ownLogins.logins,
      begun,
      addressFree: () => proveAddressFree(config, edgeOptions(layout)),
      logins: () => loginsAtHand(config),
      path,
    }),
    ...(agreement === undefined ? {} : { agreement }),
    ...(path === undefined ? {} : { path }),
    ...(database === undefined ? {} : { database }),
    ...(ofApp === undefined ? {} : { appDatabase: ofApp }),
    ...ownLogins,
    ...(await openRehearsals(config, document, layout, container)),
  }
}

/** The edge of one environment; requests wait in a room of this process unless another is given. */
export function projectEdge(config: EnvironmentConfig, layout: Layout, room?: WaitingRoom): CaddyEdge {
  return caddyEdge({ ...edgeOptions(layout), project: config.project, ...(room === undefined ? {} : { room }) })
}

function engineOf(container: ContainerFinder): Engine {
  const engine = composeEngine()
  return {
    ...engine,
    ensureState(release, beforeChange) {
      let changes = false
      const ensured = engine.ensureState(release, async () => {
        changes = true
        await beforeChange?.()
      })
      // Only what is made anew gets another id: finding it again takes time, and requests may wait.
      return ensured.finally(() => {
        if (changes) container.forget()
      })
    },
  }
}

function sourcePort(
  layout: Layout,
  resolved: () => ResolvedSource | undefined,
  get: Ports['releases']['get'],
): SourcePort {
  return {
    async fetch(_plan, id, note) {
      const source = resolved()
      if (source === undefined) throw new SlipwayError('BUG', 'The source was not resolved before it was fetched')
      if (source.config.source.kind === 'upload') {
        await seedLasting(source.document, source.directory, source.project)
      }
      const placed = await inItsRelease(source, layout.release(id))
      const databaseLogins = releaseLogins(placed.config, placed.document).map(login => login.name)
      return fetchRelease({ ...placed, databaseLogins }, id, layout.release(id), note)
    },
    async discard(id) {
      await discardRelease(await get(id), layout.release(id))
    },
  }
}

/** Code from Git becomes part of the release's folder: what containers mount from it stays as it was. */
async function inItsRelease(source: ResolvedSource, directory: string): Promise<ResolvedSource> {
  const { checkout, commit, promotion, digests } = source
  if (checkout === undefined || commit === undefined) return source
  const target = sourceFolder(directory)
  await adoptSources(checkout, target)
  return withDigests(await readCheckout(source.base, target, commit, promotion), digests)
}
