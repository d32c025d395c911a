import { describe, expect, test } from 'vitest'
import type { DeploymentRecord, Plan } from '../../src/release/model.ts'
import { runDeployment } from '../../src/release/run.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { config } from './sample-config.ts'
import { Death, makePlan, World, type Fault } from './world.ts'

const pending: Plan['migration'] = { kind: 'pending', why: 'new migrations' }
const none: Plan['migration'] = { kind: 'unchanged', why: 'same migrations' }

describe('a deployment', () => {
  test('goes out: the new release serves, the old one is gone, its data migrated', async () => {
    const world = await deployedWorld()
    const record = await deploy(world, 'v2', pending)
    expect(record).toMatchObject({ outcome: 'deployed', release: 'r2', previous: 'r1', migration: { changed: true } })
    expect(record.heldMs).toBeGreaterThan(0)
    expectServing(world, 'r2', 'v2')
  })

  test('holds nobody when nothing is migrated', async () => {
    const world = await deployedWorld()
    const record = await deploy(world, 'v2', none)
    expect(record.outcome).toBe('deployed')
    expect(record.heldMs).toBeUndefined()
    expect(world.calls).not.toContain('edge.hold')
  })

  test('with the content that serves already changes nothing', async () => {
    const world = await deployedWorld()
    const record = await deploy(world, 'v1', none)
    expect(record).toMatchObject({ outcome: 'unchanged', release: 'r1' })
    expect([...world.releases.keys()]).toEqual(['r1'])
    expectServing(world, 'r1', 'v1')
  })

  test.each([
    ['never healthy', { health: 'never' } as const, 'GATE_FAILED'],
    ['crash loop', { health: 'crash' } as const, 'GATE_FAILED'],
    ['migration fails half way', { migrator: 'fails-half-way' } as const, 'MIGRATION_FAILED'],
    ['migrator lies', { migrator: 'lies' } as const, 'MIGRATION_FAILED'],
  ])('%s: code and data come back', async (_name, trouble, code) => {
    const world = await deployedWorld()
    for (let index = 0; index < 5; index++) world.write()
    Object.assign(world, trouble)
    const record = await deploy(world, 'v2', pending)
    expect(record).toMatchObject({ outcome: 'rolled-back', failure: { code } })
    expectServing(world, 'r1', 'v1')
    expect(world.databases.get('app')?.rows).toBe(5)
  })

  test('that takes the only web service away keeps nobody waiting who was held for it', async () => {
    const world = await deployedWorld()
    world.withoutWeb = true
    expect(await deploy(world, 'v2', pending)).toMatchObject({ outcome: 'deployed', release: 'r2' })
    expect(world.calls).toContain('edge.hold')
    expect(world.live).toBeUndefined()
    expect([...world.doors]).toEqual([])
    expect(world.running.get('r2')).toEqual(new Set(['worker']))
  })

  test('without a web service, though none was held, takes the old one away, and a failed way back changes nothing', async () => {
    const world = await deployedWorld()
    world.withoutWeb = true
    expect(await deploy(world, 'v2', none, { config: { ...config, warm: { forMs: 600_000 } } })).toMatchObject({
      outcome: 'deployed',
      release: 'r2',
    })
    expect([...world.running.keys()]).toEqual(['r2'])
    expect({ live: world.live, site: world.site, warm: world.warm }).toEqual({})
    expect([...world.doors]).toEqual([])
    world.withoutWeb = false
    world.health = 'never'
    expect((await deploy(world, 'v3', none)).outcome).toBe('rolled-back')
    expect(world.current).toBe('r2')
    expect(world.live).toBeUndefined()
  })

  test('that brings older data back and fails keeps the snapshot it came from: one can try again', async () => {
    const world = await deployedWorld()
    world.write()
    expect((await deploy(world, 'v2', pending)).outcome).toBe('deployed')
    const [database = ''] = [...world.databases.keys()].filter(name => name !== 'app')
    const data: Plan['data'] = { kind: 'restore', from: { kind: 'snapshot', database }, loses: '', breaking: [] }
    const target = world.releases.get('r1')
    const back = () =>
      deploy(world, 'v1', none, { kind: 'rollback', data, ...(target === undefined ? {} : { target }) })
    world.health = 'never'
    expect((await back()).outcome).toBe('rolled-back')
    expect([...world.databases.keys()].toSorted()).toEqual(['app', database])
    expectServing(world, 'r2', 'v2')
    world.health = 'good'
    expect((await back()).outcome).toBe('deployed')
    expect(world.databases.get('app')).toEqual({ schema: 'v1', rows: 1 })
  })

  test('that fails in a hold keeps nobody waiting for a front that does not take the old site', async () => {
    const world = await deployedWorld()
    Object.assign(world, { health: 'never', frontRefuses: true })
    expect(await deploy(world, 'v2', pending)).toMatchObject({ outcome: 'needs-person' })
    expect(world.live).toBe('r1')
    expect(world.write()).toBe(true)
    // The next run of any kind brings it back.
    world.frontRefuses = false
    world.health = 'good'
    await deploy(world, 'v1', none)
    expect(world.history.at(-2)).toMatchObject({ id: 'd2', outcome: 'rolled-back' })
    expectServing(world, 'r1', 'v1')
  })
})

describe('whatever fails or dies at whatever call', () => {
  for (const kind of ['fail-before', 'fail-after', 'die-before', 'die-after'] satisfies Fault[]) {
    test(`${kind}: all-old or all-new, no acknowledged write lost, nothing stuck`, async () => {
      const length = await callsOfADeployment()
      expect(length).toBeGreaterThan(25)
      for (let call = 0; call < length; call++) {
        const world = await deployedWorld()
        let acknowledged = 0
        for (let index = 0; index < 3; index++) if (world.write()) acknowledged++
        const first = await attempt(world, 'v2', pending, call, kind)
        // The next run of any kind ends what was cut off.
        const second = await attempt(world, 'v2', pending)
        const which = `call ${call} ${world.calls[call] ?? ''} (${first}, then ${second})`
        expect(world.live, which).toBe(world.current)
        expect(world.current, which).toBeDefined()
        expect([...world.running.keys()], which).toEqual([world.current])
        expect([...world.doors], which).toEqual([world.current])
        expect(world.site, which).toBe(world.current)
        expect(world.running.get(world.current ?? 'r0'), which).toEqual(new Set(['api', 'worker']))
        expect(world.fenced, which).toBe(false)
        expect(world.locked, which).toBe(false)
        expect(world.databases.get('app')?.schema, which).toBe('v2')
        expect(world.databases.get('app')?.rows, which).toBe(acknowledged)
        expect(world.write(), which).toBe(true)
      }
    })
  }
})

async function deployedWorld(): Promise<World> {
  const world = new World()
  await deploy(world, 'v1', pending)
  expectServing(world, 'r1', 'v1')
  world.calls.length = 0
  return world
}

async function callsOfADeployment(): Promise<number> {
  const world = await deployedWorld()
  await deploy(world, 'v2', pending)
  return world.calls.length
}

function deploy(
  world: World,
  version: string,
  migration: Plan['migration'],
  change: Partial<Plan> = {},
  fault?: World['fault'],
): Promise<DeploymentRecord> {
  const ports = world.ports()
  world.fault = fault
  const plan = () => Promise.resolve({ ...makePlan(world, version, migration), ...change })
  return runDeployment(
    {
      purpose: 'test',
      by: 'test',
      makePlan: plan,
      planOf: plan,
      signal: new AbortController().signal,
      listen: () => undefined,
    },
    ports,
  )
}

async function attempt(
  world: World,
  version: string,
  migration: Plan['migration'],
  call?: number,
  kind?: Fault,
): Promise<string> {
  try {
    const fault = call === undefined || kind === undefined ? undefined : { call, kind }
    return (await deploy(world, version, migration, {}, fault)).outcome
  } catch (error) {
    if (error instanceof Death) return 'died'
    if (error instanceof SlipwayError) return error.code
    throw error
  }
}

function expectServing(world: World, release: string, schema: string): void {
  expect(world.live).toBe(release)
  expect(world.current).toBe(release)
  expect([...world.running.keys()]).toEqual([release])
  expect([...world.doors]).toEqual([release])
  expect(world.site).toBe(release)
  expect(world.running.get(world.current ?? 'r0')).toEqual(new Set(['api', 'worker']))
  expect(world.fenced).toBe(false)
  expect(world.databases.get('app')?.schema).toBe(schema)
}
