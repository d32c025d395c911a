import { setTimeout as sleep } from 'node:timers/promises'
import type { ComposeDocument } from '../../config/document.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { caddyEdge, type CaddyEdge } from '../../edge/edge.ts'
import { composeEngine } from '../../engine/engine.ts'
import { adoptSources, discardRelease, fetchRelease } from '../../engine/fetch.ts'
import type { Clock, Engine, Ports, SourcePort } from '../../release/ports.ts'
import { sourceFolder } from '../../source/git.ts'
import { programHooks } from '../../store/hooks.ts'
import { fileJournal } from '../../store/journal.ts'
import type { Layout } from '../../store/layout.ts'
import { fileLock } from '../../store/lock.ts'
import { fileReleases } from '../../store/releases.ts'
import { SlipwayError } from '../../support/errors.ts'
import { proveAddressFree } from './address.ts'
import { appDatabase, databaseContainer, openBackups, openDatabase, type ContainerFinder } from './database.ts'
import { preflightChecks } from './preflight.ts'
import { readCheckout, type ResolvedSource } from './resolve.ts'

export interface RealPorts extends Ports {
  edge: CaddyEdge
}

/** The real world behind the deployment's ports. */
export async function realPorts(
  config: EnvironmentConfig,
  layout: Layout,
  document: ComposeDocument,
  source: () => ResolvedSource | undefined,
): Promise<RealPorts> {
  const container = databaseContainer(config)
  const database = await openDatabase(config, document, container)
  const releases = fileReleases(layout)
  const edge = caddyEdge({ ...edgeOptions(layout), project: config.project })
  return {
    clock: systemClock,
    lock: fileLock(layout.lock),
    journal: fileJournal(layout),
    releases,
    source: sourcePort(layout, source, id => releases.get(id)),
    engine: engineOf(container),
    edge,
    backups: await openBackups(config, document, layout, container),
    hooks: programHooks(config),
    checks: preflightChecks({
      layout,
      source,
      database,
      appDatabase: appDatabase(config, document, container),
      addressFree: () => proveAddressFree(config, edgeOptions(layout)),
    }),
    ...(database === undefined ? {} : { database }),
  }
}

/** SLIPWAY_EDGE_NAME and SLIPWAY_EDGE_IMAGE are for servers that run more than one edge, or another build of Caddy. */
export function edgeOptions(layout: Layout): { directory: string; edgeName?: string; image?: string } {
  const name = process.env['SLIPWAY_EDGE_NAME']
  const image = process.env['SLIPWAY_EDGE_IMAGE']
  return {
    directory: layout.edge,
    ...(name === undefined || name === '' ? {} : { edgeName: name }),
    ...(image === undefined || image === '' ? {} : { image }),
  }
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  sleep: milliseconds => sleep(milliseconds),
}

function engineOf(container: ContainerFinder): Engine {
  const engine = composeEngine()
  return { ...engine, ensureState: release => engine.ensureState(release).finally(() => container.forget()) }
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
      return fetchRelease(await inItsRelease(source, layout.release(id)), id, layout.release(id), note)
    },
    async discard(id) {
      await discardRelease(await get(id), layout.release(id))
    },
  }
}

/** Code from Git becomes part of the release's folder: what containers mount from it stays as it was. */
async function inItsRelease(source: ResolvedSource, directory: string): Promise<ResolvedSource> {
  const { checkout, commit } = source
  if (checkout === undefined || commit === undefined) return source
  const target = sourceFolder(directory)
  await adoptSources(checkout, target)
  return readCheckout(source.base, target, commit)
}
