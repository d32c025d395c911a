import { describe, expect, test } from 'vitest'
import type { ComposeDocument } from '../../src/config/document.ts'
import type { PlacedServer, Placement } from '../../src/config/model.ts'
import { pathEnd } from '../../src/engine/path-end.ts'

const document: ComposeDocument = {
  services: {
    api: { networks: { front: null, back: null } },
    pages: { networks: { front: null } },
    worker: { networks: { back: null } },
    db: { networks: { back: null } },
    migrator: { networks: { back: null } },
  },
}
const services = [
  { name: 'api', role: 'web' },
  { name: 'pages', role: 'web' },
  { name: 'worker', role: 'worker' },
  { name: 'db', role: 'state' },
  { name: 'migrator', role: 'job' },
]
const server = (name: string, own: string[]): PlacedServer => ({
  name,
  host: `${name}.example`,
  user: 'deploy',
  port: 22,
  adminAddresses: [],
  openPorts: [],
  swapMegabytes: 0,
  home: '/var/lib/slipway',
  services: own,
})
const placed = (here: string, ...servers: PlacedServer[]): Placement => ({
  servers,
  decides: 'd',
  database: 'db',
  here,
})

describe('which end of the way to the database a server has', () => {
  const all = [server('a', ['api']), server('p', ['pages']), server('d', ['db', 'worker'])]

  test('the database offers it when somebody elsewhere shares a network with it', () => {
    expect(pathEnd(document, services, placed('d', ...all))).toEqual({ path: { kind: 'offered' } })
    expect(pathEnd(document, services, placed('d', server('p', ['pages']), server('d', ['db'])))).toEqual({})
  })

  test('elsewhere it is taken on the networks that the Compose files share, and no other', () => {
    const path = { kind: 'taken', service: 'db', networks: ['back'] }
    expect(pathEnd(document, services, placed('a', ...all))).toEqual({ path })
    expect(pathEnd(document, services, placed('p', ...all))).toEqual({})
  })

  test('a job is no reason for one: it runs beside the database', () => {
    expect(pathEnd(document, services, placed('a', server('a', ['migrator']), server('d', ['db'])))).toEqual({})
  })

  test('one server, or no database: there is none', () => {
    expect(pathEnd(document, services, undefined)).toEqual({})
    const { database: _, ...without } = placed('a', ...all)
    expect(pathEnd(document, services, without)).toEqual({})
  })
})
