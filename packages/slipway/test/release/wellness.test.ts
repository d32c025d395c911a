import { expect, test } from 'vitest'
import type { EnvironmentConfig } from '../../src/config/model.ts'
import type { Release } from '../../src/release/model.ts'
import type { ContainerState, Probe, PublicProbe } from '../../src/release/ports.ts'
import { illnesses, type LookPorts } from '../../src/release/wellness.ts'

const release = {
  id: 'r3',
  services: [
    { name: 'api', role: 'web', replicas: 1, health: { path: '/health', timeoutMs: 1000 } },
    { name: 'worker', role: 'worker', replicas: 2, health: {} },
    { name: 'migrate', role: 'job', replicas: 1, health: {} },
  ],
} as unknown as Release

const running = (service: string, change: Partial<ContainerState> = {}): ContainerState =>
  ({
    id: service,
    name: `${service}-1`,
    service,
    status: 'running',
    health: 'healthy',
    restarts: 2,
    exitCode: 0,
    outOfMemory: false,
    ...change,
  }) as ContainerState

const good: Probe = { kind: 'answered', status: 200, body: 'ok', milliseconds: 1 }

interface World {
  containers?: ContainerState[]
  live?: string | undefined
  probes?: Probe[]
  /** What is asked where the public's requests come in; absent: there is no such place. */
  inPublic?: PublicProbe[]
  database?: boolean
}

function look(world: World = {}, looked = release) {
  const { containers = [running('api'), running('worker'), running('worker')], database = true } = world
  const live = 'live' in world ? world.live : 'r3'
  const probes = [...(world.probes ?? [])]
  const inPublic = [...(world.inPublic ?? [])]
  const ports = {
    engine: { containers: async () => containers },
    edge: {
      live: async () => live,
      probe: async () => probes.shift() ?? good,
      probePublic: async () => inPublic.shift(),
    },
    database: { reachable: async () => database },
  } as unknown as LookPorts
  return illnesses(looked, ports, { edge: { mode: 'address' } } as EnvironmentConfig)
}

test('what runs and answers is well, also when it was restarted once', async () => {
  expect(await look()).toEqual([])
})

const bad: Probe = { kind: 'answered', status: 503, body: 'no database', milliseconds: 1 }

test.each<[string, Parameters<typeof look>[0], RegExp]>([
  [
    'a container that was stopped',
    { containers: [running('api', { status: 'exited', exitCode: 137 }), running('worker'), running('worker')] },
    /^api-1 exited with code 137$/,
  ],
  [
    'one that is unhealthy',
    { containers: [running('api', { health: 'unhealthy' }), running('worker'), running('worker')] },
    /^api-1 is unhealthy/,
  ],
  ['one that is gone', { containers: [running('api'), running('worker')] }, /^worker: 1 of 2/],
  ['an edge that leads elsewhere', { live: 'r2' }, /leads to r2, not to r3/],
  ['an edge that holds', { live: 'held' }, /^requests are held$/],
  ['a database that is away', { database: false }, /database does not answer/],
  ['a health path that fails', { probes: [bad, bad, bad] }, /^api\/health answers 503: no database$/],
  [
    'a front that is gone',
    { inPublic: Array<PublicProbe>(3).fill({ kind: 'no-answer', why: 'connect ECONNREFUSED' }) },
    /^the public address of api does not answer \(connect ECONNREFUSED\)$/,
  ],
  [
    'a front that does not know the app',
    { inPublic: Array<PublicProbe>(3).fill({ ...good, status: 404 }) },
    /^in public, api is answered by nobody \(404\)$/,
  ],
])('%s is told', async (_what, world, words) => {
  expect((await look(world)).join('\n')).toMatch(words)
})

test('a server of several that has workers alone has nothing behind its edge, and is well', async () => {
  const workers = { ...release, services: release.services.filter(({ role }) => role === 'worker') }
  expect(await look({ live: undefined }, workers)).toEqual([])
  expect(await look({ live: 'held' }, workers)).toEqual(['requests are held'])
  expect((await look({ live: undefined })).join()).toMatch(/leads to nothing, not to r3/)
})

test('one answer that is lost is no outage', async () => {
  expect(await look({ probes: [bad, bad, good] })).toEqual([])
  const lost: PublicProbe = { kind: 'no-answer', why: 'reset' }
  expect(await look({ inPublic: [lost, lost, { ...good, release: 'r3' }] })).toEqual([])
})

test('a service that does badly behind its own door is told once, and a hold is not waited for', async () => {
  const inPublic = [{ ...good, status: 502 }]
  expect(await look({ probes: [bad, bad, bad], inPublic })).toHaveLength(1)
  expect(await look({ live: 'held', inPublic })).toEqual(['requests are held'])
})
