import type { Release } from '../release/model.ts'
import type { Edge, Probe } from '../release/ports.ts'
import { SlipwayError } from '../support/errors.ts'
import { closeDoor, closeWebSockets, openDoor } from './door.ts'
import { countAnswered, countInFlight } from './door-counts.ts'
import type { Front } from './front-container.ts'
import { ensureSite, siteText } from './front.ts'
import type { Issuer } from './front-config.ts'
import { waitingRoom, type WaitingRoom } from './hold.ts'
import { edgeLayout, holdName } from './layout.ts'
import { pointLive, readLive, removeLive } from './link.ts'
import { safeName } from './names.ts'
import { probeThrough } from './probe.ts'
import { probePublic, publicPlace } from './public-probe.ts'
import type { FrontPorts } from './site-conflicts.ts'
import { siteFromText, siteOf, type Site } from './site.ts'
import { warmUp } from './warm-up.ts'

/**
 * The edge on Caddy. One front for all apps of a machine, with a configuration that no deployment changes;
 * one door for each release; and between them the link `live`, whose rename is the switch.
 */
export function caddyEdge(options: CaddyEdgeOptions): CaddyEdge {
  const layout = edgeLayout(options.directory)
  const project = safeName(options.project, 'the project')
  const name = safeName(options.edgeName ?? 'slipway-edge', 'the edge')
  const image = options.image ?? 'caddy:2'
  const front: Front = {
    name,
    image,
    volume: `${name}-data`,
    layout,
    ...(options.leaveMs === undefined ? {} : { leaveMs: options.leaveMs }),
  }
  const settings = {
    ports: options.ports ?? { http: 80, https: 443 },
    ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
  }
  /** What was begun with this app's site ends before the next begins: a deployment goes back while what it cut off may go on. */
  let siteSettled: Promise<void> = Promise.resolve()
  const room = options.room ?? waitingRoom(layout, project)

  return {
    ensureFront: (release, config) => inTurn(own(release), () => siteOf(release, config)),

    site: () => siteText(layout, project),

    bringBackSite: site => inTurn(project, () => (site === undefined ? undefined : siteOfBefore(site))),

    openDoor: (release, networks) => openDoor(layout, image, ofProject(release), networks),

    probe,

    async warmUp(release, service, signal) {
      const health = release.services.find(each => each.name === service)?.health
      if (health?.warmUp === undefined) return
      await warmUp(path => probe(release, service, path, health.timeoutMs), health.warmUp, signal)
    },

    live: () => readLive(layout, project),

    async switchTo(release) {
      await pointLive(layout, own(release), release.id)
    },

    async hold(services) {
      await room.open(services)
      await pointLive(layout, project, holdName)
    },

    waiting: () => room.count(),

    async letGo(release) {
      await pointLive(layout, own(release), release.id)
      await room.handTo(release.id)
    },

    inFlight: release => countInFlight(layout, ofProject(release)),

    closeWebSockets: release => closeWebSockets(layout, ofProject(release)),

    async closeDoor(release) {
      // A link that leads nowhere would look like a release that serves.
      if ((await readLive(layout, own(release))) === release.id) await removeLive(layout, project)
      await closeDoor(layout, release)
    },

    async probePublic(release, config, service, path, timeoutMs) {
      const asked = release.services.find(each => each.name === service)
      const place = asked === undefined ? undefined : publicPlace(release, config, asked, settings.ports)
      return place === undefined ? undefined : probePublic(place, path, timeoutMs)
    },

    answered: release => countAnswered(layout, ofProject(release)),

    close: limitMs => room.close(limitMs),
  }

  async function inTurn(of: string, site: () => Site | undefined): Promise<void> {
    const done = siteSettled.then(() => ensureSite(front, settings, of, site()))
    siteSettled = done.catch(() => undefined)
    return done
  }

  function siteOfBefore(text: string): Site {
    const site = siteFromText(text)
    if (site?.project === project) return site
    throw new SlipwayError('BUG', `The edge of ${project} was given a site that is not its own`)
  }

  function probe(release: Release, service: string, path: string, timeoutMs: number): Promise<Probe> {
    const host = release.services.find(each => each.name === service)?.hosts[0] ?? release.app
    return probeThrough(layout.door(own(release), release.id).socket(service), host, path, timeoutMs)
  }

  function ofProject(release: Release): Release {
    if (release.project === project) return release
    throw new SlipwayError('BUG', `The edge of ${project} was given a release of ${release.project}`)
  }

  function own(release: Release): string {
    return ofProject(release).project
  }
}

export interface CaddyEdgeOptions {
  /** Absolute; one for all apps of a machine. */
  directory: string
  /** The environment that this edge acts for. */
  project: string
  /** The front's container. */
  edgeName?: string
  image?: string
  /** For tests: other ports than 80 and 443, certificates of Caddy's own authority, and quick reloads. */
  ports?: FrontPorts
  issuer?: Issuer
  leaveMs?: number
  /** Where requests wait; a room of this process when absent. */
  room?: WaitingRoom
}

export interface CaddyEdge extends Edge {
  /** Requests that waited in a hold run through this process until they are answered: gives them a while before it ends. */
  close(limitMs: number): Promise<void>
}
