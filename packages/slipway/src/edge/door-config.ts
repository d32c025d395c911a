import {
  adminSection,
  carried,
  doorHeader,
  loggingSection,
  noAnswer,
  transport,
  withoutServerName,
  type Json,
} from './caddy-document.ts'
import { inDoor } from './layout.ts'
import { safeName } from './names.ts'

/** A release's door: one Unix socket a web service, each leading to that service's containers. Pure. */
export function doorConfig(services: readonly DoorService[]): Json {
  return {
    admin: adminSection(inDoor.admin),
    logging: loggingSection,
    apps: {
      http: {
        // The deployment has drained the door before it closes it: who is still there gets a short while.
        grace_period: `${doorGraceSeconds}s`,
        servers: Object.fromEntries(services.map(service => [service.name, doorServer(service)])),
      },
    },
  }
}

export interface DoorService {
  name: string
  port: number
}

export const doorGraceSeconds = 2

function doorServer({ name, port }: DoorService): Json {
  const service = safeName(name, 'the service')
  return {
    listen: [`unix/${inDoor.socket(service)}`],
    automatic_https: { disable: true },
    protocols: ['h1'],
    routes: [{ handle: [withoutServerName, toContainers(service, port)] }],
    errors: { routes: [{ handle: [didNotAnswer] }] },
  }
}

function toContainers(service: string, port: number): Json {
  return {
    handler: 'reverse_proxy',
    // Each replica has its own address under the service's name; a name not yet known falls back to the static upstream.
    dynamic_upstreams: { source: 'a', name: service, port: String(port), refresh: '1s' },
    upstreams: [{ dial: `${service}:${port}` }],
    transport: transport('5s', '1s'),
    headers: {
      request: {
        set: Object.fromEntries(carried.map(({ field, by }) => [field, [`{http.request.header.${by}}`]])),
        delete: carried.map(({ by }) => by),
      },
      // Only the door itself may say that nothing answered.
      response: { delete: [doorHeader] },
    },
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
