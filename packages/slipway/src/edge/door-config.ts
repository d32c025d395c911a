import {
  adminSection,
  carried,
  doorHeader,
  loggingSection,
  noAnswer,
  probeHeader,
  releaseHeader,
  transport,
  wholeAnswers,
  withoutServerName,
  type Json,
} from './caddy-document.ts'
import type { ReleaseId } from '../release/model.ts'
import { inDoor } from './layout.ts'
import { safeName } from './names.ts'

/** A release's door: one Unix socket a web service, each leading to that service's containers. Pure. */
export function doorConfig(services: readonly DoorService[], release: ReleaseId): Json {
  return {
    admin: adminSection(inDoor.admin),
    logging: loggingSection,
    apps: {
      http: {
        // The deployment has drained the door before it closes it: who is still there gets a short while.
        grace_period: `${doorGraceSeconds}s`,
        servers: Object.fromEntries(services.map(service => [service.name, doorServer(service, release)])),
      },
    },
  }
}

export interface DoorService {
  name: string
  port: number
  replicas: number
}

export const doorGraceSeconds = 2

function doorServer({ name, port, replicas }: DoorService, release: ReleaseId): Json {
  const service = safeName(name, 'the service')
  const plainly = [withoutServerName, toContainers(service, port, replicas)]
  const toApp = [wholeAnswers, ...plainly]
  return {
    listen: [`unix/${inDoor.socket(service)}`],
    automatic_https: { disable: true },
    protocols: ['h1'],
    // Counts answers by their status: what the watch compares. No cost could be measured.
    metrics: {},
    routes: [
      probes(release, plainly),
      { match: [{ header: { Upgrade: ['*'] } }], handle: [webSockets(toApp)], terminal: true },
      { match: [{ header: { Accept: ['*text/event-stream*'] } }], handle: [eventStream] },
      { handle: toApp },
    ],
    errors: { routes: [{ handle: [didNotAnswer] }] },
  }
}

/** Caddy counts what is under way by the first handler of a route: by its name the kinds are told apart. */
export const countedAs = { request: 'request_body', webSocket: 'subroute', eventStream: 'vars' } as const

function webSockets(handle: Json): Json {
  return { handler: countedAs.webSocket, routes: [{ handle }] }
}

/** Only to be counted. */
const eventStream: Json = { handler: countedAs.eventStream, slipway_event_stream: true }

/**
 * Who asks for it learns which release answered, whatever the app says of itself. Such answers are not counted: before an
 * app listens, dozens of them are none, and that says nothing about it. So they pass by the handler that is counted, which
 * is there for bodies: they have none.
 */
function probes(release: ReleaseId, plainly: readonly Json[]): Json {
  const says = { [releaseHeader]: [safeName(release, 'the release')] }
  return {
    match: [{ header: { [probeHeader]: ['*'] } }],
    handle: [{ handler: 'headers', response: { deferred: true, set: says } }, ...plainly],
    terminal: true,
  }
}

function toContainers(service: string, port: number, replicas: number): Json {
  return {
    handler: 'reverse_proxy',
    // By name, asked anew for each connection: a container that restarted is found at once where it is now.
    upstreams: [{ dial: `${service}:${port}` }],
    ...(replicas > 1 ? amongReplicas(service, port) : {}),
    // Time for the kernel to repeat a lost SYN (1 s); with nobody else to turn to, three times (3 s, 7 s): an app that is
    // overrun for a moment loses them, too.
    transport: transport(replicas > 1 ? '1500ms' : '10s', '1s'),
    headers: {
      request: {
        set: Object.fromEntries(carried.map(({ field, by }) => [field, [`{http.request.header.${by}}`]])),
        delete: [...carried.map(({ by }) => by), probeHeader],
      },
      // Only the door itself may say that nothing answered.
      response: { delete: [doorHeader] },
    },
  }
}

/**
 * In turn. A replica that has just died is known for a second more: what can not be sent to it goes to the next one
 * (a request with a body only with Caddy 2.11 or later; before, its share in that second is lost).
 */
function amongReplicas(service: string, port: number): Record<string, Json> {
  return {
    dynamic_upstreams: { source: 'a', name: service, port: String(port), refresh: '1s' },
    load_balancing: { selection_policy: { policy: 'round_robin' }, retries: 2 },
  }
}

const didNotAnswer: Json = {
  handler: 'static_response',
  status_code: '{http.error.status_code}',
  headers: {
    'Content-Type': ['text/plain; charset=utf-8'],
    'Cache-Control': ['no-store'],
    [doorHeader]: [noAnswer],
  },
  body: 'The app did not answer.\n',
}
