import { describe, expect, test } from 'vitest'
import type { DeploymentRecord, Plan } from '../../src/release/model.ts'
import { runDeployment } from '../../src/release/run.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { config } from './sample-config.ts'
import { Death, makePlan, World, type Fault } from './world.ts'

const none: Plan['migration'] = { kind: 'unchanged', why: 'same migrations' }
const pending: Plan['migration'] = { kind: 'pending', why: 'new migrations' }
const watched = { ...config, watch: { forMs: 60_000 } }

describe('the watch', () => {
  test('lets a release that does well through, after its time', async () => {
    const world = await deployedWorld()
    const before = world.now
    const record = await deploy(world, { migration: none })
    expect(record).toMatchObject({ outcome: 'deployed', release: 'r2' })
    expect(record.doubt).toBeUndefined()
    expect(world.now - before).toBeGreaterThanOrEqual(60_000)
    expectAll(world, 'r2')
  })

  test.each([
    ['crash', /crashed/],
    ['unwell', /api\/health/],
    ['stranger', /answered by r99/],
    ['errors', /errors/],
  ] as const)('goes back by itself from a release that turns bad: %s', async (turnsBad, why) => {
    const world = await deployedWorld()
    for (let index = 0; index < 5; index++) world.write()
    world.turnsBad = turnsBad
    const before = world.now
    const record = await deploy(world, { migration: none })
    expect(record).toMatchObject({ outcome: 'rolled-back', failure: { step: 'watch', code: 'WATCH_FAILED' } })
    expect(record.failure?.why).toMatch(why)
    expect(world.now - before).toBeLessThan(5000)
    expect(world.databases.get('app')?.rows).toBe(5)
    expectAll(world, 'r1')
  })

  test('the edge goes back first, and workers of two releases never run at once', async () => {
    const world = await deployedWorld()
    world.turnsBad = 'crash'
    await deploy(world, { migration: none })
    const calls = world.calls.slice(world.calls.lastIndexOf('edge.switchTo'))
    const order = ['edge.switchTo', 'engine.quietWorkers', 'engine.wakeWorkers', 'engine.remove', 'edge.closeDoor']
    expect(order.map(call => calls.indexOf(call))).toEqual(
      order.map(call => calls.indexOf(call)).toSorted((a, b) => a - b),
    )
    expect(order.every(call => calls.includes(call))).toBe(true)
  })

  test('does not go back to a release that does no better', async () => {
    const world = await deployedWorld()
    world.turnsBad = 'unwell'
    world.allUnwell = true
    const record = await deploy(world, { migration: none })
    expect(record).toMatchObject({ outcome: 'deployed', doubt: expect.stringMatching(/r1 did no better/) as string })
    expectAll(world, 'r2')
  })

  test('never takes data back: a release that was held stays, and the record says what a person can do', async () => {
    const world = await deployedWorld()
    world.turnsBad = 'crash'
    const record = await deploy(world, { migration: pending })
    expect(record.outcome).toBe('deployed')
    expect(record.doubt).toMatch(/crashed/)
    expect(record.doubt).toMatch(/rollback prod --data restore --confirm=app/)
    expectAll(world, 'r2')
  })

  test('says so even when the old release, which can not live with the data, does no better', async () => {
    const world = await deployedWorld()
    world.turnsBad = 'unwell'
    world.allUnwell = true
    const record = await deploy(world, { migration: pending })
    expect(record.doubt).toMatch(/rollback prod --data restore --confirm=app/)
  })

  test('Ctrl-C ends only the watch', async () => {
    const world = await deployedWorld()
    const interrupt = new AbortController()
    const before = world.now
    const record = await deploy(world, {
      migration: none,
      signal: interrupt.signal,
      heard: type => type === 'watch' && interrupt.abort(),
    })
    expect(record.outcome).toBe('deployed')
    expect(world.now - before).toBeLessThan(10_000)
  })

  test('is skipped on the first deployment and on a rollback', async () => {
    const world = new World()
    const before = world.now
    await deploy(world, { version: 'v1', migration: pending })
    expect(world.now - before).toBeLessThan(60_000)
  })
})

describe('whatever fails or dies while it goes back', () => {
  for (const kind of ['fail-before', 'fail-after', 'die-before', 'die-after'] satisfies Fault[]) {
    test(`${kind}: all-old once the way back was begun, all-new before, nothing of the other left`, async () => {
      const sample = await deployedWorld()
      sample.turnsBad = 'crash'
      await deploy(sample, { migration: none })
      const first = sample.calls.indexOf('edge.switchTo')
      expect(first).toBeGreaterThan(0)
      for (let call = first; call < sample.calls.length; call++) {
        const world = await deployedWorld()
        world.turnsBad = 'crash'
        const ended = await attempt(world, { migration: none, fault: { call, kind } })
        world.turnsBad = 'no'
        const resumed = await attempt(world, { version: 'v1', migration: none })
        const which = `call ${call} ${world.calls[call] ?? ''} (${ended}, then ${resumed})`
        expect(world.live, which).toBe(world.current)
        expect([...world.running.keys()], which).toEqual([world.current])
        expect([...world.doors], which).toEqual([world.current])
        expect(world.running.get(world.current ?? 'r0'), which).toEqual(new Set(['api', 'worker']))
        expect(world.locked, which).toBe(false)
        expect(world.history.at(-1)?.outcome, which).toMatch(/unchanged|deployed/)
      }
    })
  }
})

test('that it goes back is in the journal, and told to be, before anything is done about it', async () => {
  const world = await deployedWorld()
  world.turnsBad = 'crash'
  world.doubted = event => event.type === 'step-fact' && event.facts.returning === true
  expect(await attempt(world, { migration: none })).toBe('DISK_FULL')
  // The journal says that the way is back: who goes on nevertheless is met by whoever takes up from there.
  expect(world.current).toBe('r1')
  expect(world.live).toBe('r2')
  world.doubted = () => false
  world.turnsBad = 'no'
  expect(await attempt(world, { version: 'v1', migration: none })).toBe('unchanged')
  expectAll(world, 'r1')
})

interface Deploying {
  version?: string
  migration: Plan['migration']
  fault?: { call: number; kind: Fault }
  signal?: AbortSignal
  heard?: (step: string) => unknown
}

async function deployedWorld(): Promise<World> {
  const world = new World()
  await deploy(world, { version: 'v1', migration: pending })
  world.calls.length = 0
  return world
}

function deploy(world: World, deploying: Deploying): Promise<DeploymentRecord> {
  const ports = world.ports()
  world.fault = deploying.fault
  const plan = () =>
    Promise.resolve({ ...makePlan(world, deploying.version ?? 'v2', deploying.migration), config: watched })
  return runDeployment(
    {
      purpose: 'test',
      by: 'test',
      makePlan: plan,
      planOf: plan,
      signal: deploying.signal ?? new AbortController().signal,
      listen: event => event.type === 'step-started' && deploying.heard?.(event.step),
    },
    ports,
  )
}

async function attempt(world: World, deploying: Deploying): Promise<string> {
  try {
    return (await deploy(world, deploying)).outcome
  } catch (error) {
    if (error instanceof Death) return 'died'
    if (error instanceof SlipwayError) return error.code
    throw error
  }
}

function expectAll(world: World, release: string): void {
  expect(world.live).toBe(release)
  expect(world.current).toBe(release)
  expect([...world.running.keys()]).toEqual([release])
  expect([...world.doors]).toEqual([release])
  expect(world.running.get(world.current ?? 'r0')).toEqual(new Set(['api', 'worker']))
  expect(world.fenced).toBe(false)
}
