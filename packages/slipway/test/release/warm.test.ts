import { describe, expect, test } from 'vitest'
import type { EnvironmentConfig } from '../../src/config/model.ts'
import type { DeploymentRecord, Plan, ReleaseId } from '../../src/release/model.ts'
import { planRollback } from '../../src/release/plan.ts'
import { recover } from '../../src/release/recover.ts'
import { runDeployment } from '../../src/release/run.ts'
import { tend } from '../../src/release/tend.ts'
import { cool } from '../../src/release/warm.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { config } from './sample-config.ts'
import { Death, makePlan, World, type Fault } from './world.ts'

const none: Plan['migration'] = { kind: 'unchanged', why: 'same migrations' }
const pending: Plan['migration'] = { kind: 'pending', why: 'new migrations' }
const warmConfig: EnvironmentConfig = { ...config, watch: { forMs: 10_000 }, warm: { forMs: 600_000 } }

describe('after a switch', () => {
  test('the old release stays warm: its web services and door, without its workers', async () => {
    const world = await twoReleases()
    expect(world.warm?.release).toBe('r1')
    expect([...world.doors]).toEqual(['r1', 'r2'])
    expect(world.running.get('r1')).toEqual(new Set(['api']))
    expect(world.running.get('r2')).toEqual(new Set(['api', 'worker']))
  })

  test.each([
    ['requests were held', (world: World) => deploy(world, 'v2', pending)],
    ['memory is short', (world: World) => ((world.tooTight = 'only 10 MB'), deploy(world, 'v2', none))],
    ['warm is off', (world: World) => deploy(world, 'v2', none, { config })],
  ])('nothing is kept when %s', async (_why, act) => {
    const world = await deployedWorld()
    expect((await act(world)).outcome).toBe('deployed')
    expectAlone(world, 'r2')
  })

  test('the next deployment stops the warm one and keeps the one it replaces; prune leaves that', async () => {
    const world = await twoReleases()
    const keepOne = { ...warmConfig, retention: { releases: 1, databases: 1 } }
    expect((await deploy(world, 'v3', none, { config: keepOne })).outcome).toBe('deployed')
    expect(world.warm?.release).toBe('r2')
    expect([...world.doors]).toEqual(['r2', 'r3'])
    expect([...world.releases.keys()]).toEqual(['r2', 'r3'])
  })

  test('cooling twice is the same as once, and whoever serves is never stopped', async () => {
    const world = await twoReleases()
    const note = world.warm
    expect(await cool(world.ports(), 1000)).toBe('r1')
    expectAlone(world, 'r2')
    world.warm = note
    await cool(world.ports(), 1000)
    expectAlone(world, 'r2')
    world.warm = { release: 'r2', until: '' }
    expect(await cool(world.ports(), 1000)).toBeUndefined()
    expectAlone(world, 'r2')
  })
})

describe('a rollback to the warm release', () => {
  test('only switches: nothing is backed up or started', async () => {
    const world = await twoReleases()
    world.calls.length = 0
    const record = await rollBack(world)
    expect(record).toMatchObject({ kind: 'rollback', outcome: 'deployed', release: 'r1' })
    // Its web services and their names may have been others.
    expect(world.site).toBe('r1')
    const before = world.calls.slice(0, world.calls.indexOf('edge.switchTo'))
    expect(before.filter(call => !/^edge\.(probe|live)/.test(call))).toEqual([])
    expectAlone(world, 'r1')
  })

  test('that does not answer well any more stays where it is', async () => {
    const world = await twoReleases()
    world.running.get('r1')?.delete('api')
    const record = await rollBack(world)
    expect(record).toMatchObject({ outcome: 'rolled-back', failure: { code: 'GATE_FAILED' } })
    expect(world.live).toBe('r2')
    expect(world.current).toBe('r2')
    expect(world.running.get('r2')).toEqual(new Set(['api', 'worker']))
  })

  test('is not one when data is brought back, or another release is wanted', async () => {
    const world = await twoReleases()
    expect(rollbackPlan(world, { warm: 'r9' }).warm).toBeUndefined()
    expect(rollbackPlan(world, {}).warm).toBe(true)
  })
})

describe('whatever fails or dies', () => {
  for (const kind of ['fail-before', 'fail-after', 'die-before', 'die-after'] satisfies Fault[]) {
    test(`${kind} in a deployment that keeps one warm: it ends, at most one is warm, and cooling leaves one`, async () => {
      const sample = await deployedWorld()
      await deploy(sample, 'v2', none)
      for (let call = 0; call < sample.calls.length; call += call < 10 ? 1 : 3) {
        const world = await deployedWorld()
        const ended = await attempt(() => deploy(world, 'v2', none, { fault: { call, kind } }))
        await endAll(world)
        const which = `call ${call} ${world.calls[call] ?? ''} (${ended})`
        expect(world.live, which).toBe(world.current)
        const beside = [...world.running.keys()].filter(id => id !== world.current)
        expect(beside, which).toEqual(world.warm === undefined ? [] : [world.warm.release])
        expect(
          beside.every(id => world.running.get(id)?.has('worker') === false),
          which,
        ).toBe(true)
        await cool(world.ports(), 1000)
        expectAlone(world, world.current ?? 'none', which)
      }
    })

    test(`${kind} in a rollback to the warm release: all-old or all-new, workers of one release`, async () => {
      const sample = await twoReleases()
      sample.calls.length = 0
      await rollBack(sample)
      for (let call = 0; call < sample.calls.length; call++) {
        const world = await twoReleases()
        world.calls.length = 0
        const ended = await attempt(() => rollBack(world, { call, kind }))
        await endAll(world)
        await cool(world.ports(), 1000)
        expectAlone(world, world.current ?? 'none', `call ${call} ${world.calls[call] ?? ''} (${ended})`)
      }
    })

    test(`${kind} while it is stopped: stopping it again ends the same`, async () => {
      const sample = await twoReleases()
      sample.calls.length = 0
      await cool(sample.ports(), 1000)
      for (let call = 0; call < sample.calls.length; call++) {
        const world = await twoReleases()
        world.calls.length = 0
        const ports = world.ports()
        world.fault = { call, kind }
        await attempt(() => cool(ports, 1000))
        await cool(world.ports(), 1000)
        expectAlone(world, 'r2', `call ${call}`)
      }
    })
  }
})

describe('the process beside a warm release', () => {
  test('stops it when its time is over', async () => {
    const world = await twoReleases()
    const before = world.now
    expect(await tending(world)).toBe('cooled')
    expect(world.now - before).toBeGreaterThanOrEqual(590_000)
    expectAlone(world, 'r2')
    expect(world.locked).toBe(false)
  })

  test('stops it earlier when others need the memory', async () => {
    const world = await twoReleases()
    world.tooTight = 'only 10 MB'
    const before = world.now
    expect(await tending(world)).toBe('cooled')
    expect(world.now - before).toBeLessThan(60_000)
  })

  test('goes back when the release that serves turns bad', async () => {
    const world = await twoReleases()
    world.running.get('r2')?.delete('api')
    expect(await tending(world)).toBe('went back')
    expect(world.history.at(-1)).toMatchObject({ kind: 'rollback', release: 'r1', outcome: 'deployed' })
    expect(world.history.at(-1)?.because).toMatch(/containers are there/)
    expectAlone(world, 'r1')
  })

  test.each([
    ['ends well', async () => undefined],
    ['fails', () => Promise.reject(new Error('no room'))],
  ])('tells that it does, and that it is over, also when the telling %s', async (_how, telling) => {
    const world = await twoReleases()
    world.running.get('r2')?.delete('api')
    const told: string[] = []
    const tell = async (problems: readonly string[], release: { id: string } | undefined) => {
      told.push(`${release?.id} ${problems.join(' ')}`)
      return telling()
    }
    expect(await tending(world, { ...world.ports(), alerts: { tell } })).toBe('went back')
    expect(told).toEqual([expect.stringMatching(/^r2 .*containers are there/), 'r1 '])
    expectAlone(world, 'r1')
  })

  test('goes back while somebody is told, and does not wait for that', async () => {
    const world = await twoReleases()
    world.running.get('r2')?.delete('api')
    let serving: string | undefined
    const tell = async (problems: readonly string[]) => {
      if (problems.length === 0) return undefined
      for (let turns = 0; turns < 10_000 && world.live !== 'r1'; turns++) await new Promise(setImmediate)
      serving = world.live
      return undefined
    }
    expect(await tending(world, { ...world.ports(), alerts: { tell } })).toBe('went back')
    expect(serving).toBe('r1')
  })

  test('does nothing when neither does well, and stops the warm one in the end', async () => {
    const world = await twoReleases()
    world.running.get('r1')?.delete('api')
    world.running.get('r2')?.delete('api')
    expect(await tending(world)).toBe('cooled')
    expect(world.live).toBe('r2')
  })

  test('leaves when somebody else has done something about it', async () => {
    const world = await twoReleases()
    await rollBack(world)
    expect(await tending(world)).toBe('nothing')
  })

  test('ends when it is told to, and leaves all as it is for the next deployment', async () => {
    const world = await twoReleases()
    expect(await tending(world, world.ports(), AbortSignal.abort())).toBe('superseded')
    expect(world.warm?.release).toBe('r1')
  })

  test('that is told to while nothing is watched does not sleep on: the next one waits for it', async () => {
    const world = await twoReleases()
    const replaced = new AbortController()
    const ports = world.ports()
    ports.clock.sleep = (_milliseconds, signal) =>
      new Promise(resolve => {
        signal?.addEventListener('abort', () => resolve())
        replaced.abort()
      })
    expect(await tending(world, ports, replaced.signal, { ...warmConfig, watch: { forMs: 0 } })).toBe('superseded')
  })

  test('waits while somebody deploys', async () => {
    const world = await twoReleases()
    const ports = world.ports()
    let refusals = 0
    const { acquire } = ports.lock
    ports.lock.acquire = purpose =>
      ++refusals < 4 ? Promise.reject(new SlipwayError('LOCKED', 'somebody deploys')) : acquire(purpose)
    expect(await tending(world, ports)).toBe('cooled')
    expect(refusals).toBe(4)
  })
})

async function deployedWorld(): Promise<World> {
  const world = new World()
  await deploy(world, 'v1', pending)
  world.calls.length = 0
  return world
}

async function twoReleases(): Promise<World> {
  const world = await deployedWorld()
  await deploy(world, 'v2', none)
  expect(world.current).toBe('r2')
  return world
}

function deploy(
  world: World,
  version: string,
  migration: Plan['migration'],
  { fault, config: wanted = warmConfig }: { fault?: World['fault']; config?: EnvironmentConfig } = {},
): Promise<DeploymentRecord> {
  return run(world, () => ({ ...makePlan(world, version, migration), config: wanted }), fault)
}

function rollbackPlan(world: World, { warm = 'r1' }: { warm?: ReleaseId } = {}): Plan {
  return planRollback({
    config: warmConfig,
    current: world.current === undefined ? undefined : world.releases.get(world.current),
    wanted: undefined,
    releases: [...world.releases.values()],
    history: world.history,
    asked: undefined,
    confirmed: false,
    existing: () => false,
    warm,
  })
}

function rollBack(world: World, fault?: World['fault'], because?: string): Promise<DeploymentRecord> {
  return run(world, () => ({ ...rollbackPlan(world), ...(because === undefined ? {} : { because }) }), fault)
}

function run(world: World, makePlanNow: () => Plan, fault: World['fault']): Promise<DeploymentRecord> {
  const ports = world.ports()
  world.fault = fault
  const signal = new AbortController().signal
  return runDeployment(
    { purpose: 'test', makePlan: async () => makePlanNow(), signal, ...recoverOptions(world) },
    ports,
  )
}

function recoverOptions(world: World) {
  const planOf = () => Promise.resolve({ ...makePlan(world, 'v2', none), config: warmConfig })
  return { by: 'test', planOf, listen: () => undefined }
}

async function endAll(world: World): Promise<void> {
  const ports = world.ports()
  if ((await ports.journal.unfinished()) !== undefined) await recover(ports, recoverOptions(world))
}

function tending(
  world: World,
  ports = world.ports(),
  signal = new AbortController().signal,
  tended = warmConfig,
): Promise<string> {
  return tend(ports, {
    config: tended,
    signal,
    goBack: async (_note, because) => (await rollBack(world, undefined, because)).outcome === 'deployed',
    recover: async () => void (await recover(ports, recoverOptions(world))),
  })
}

async function attempt(act: () => Promise<unknown>): Promise<string> {
  try {
    const ended = await act()
    return String((ended as DeploymentRecord | undefined)?.outcome)
  } catch (error) {
    if (error instanceof Death) return 'died'
    if (error instanceof SlipwayError) return error.code
    throw error
  }
}

function expectAlone(world: World, release: string, which?: string): void {
  expect(world.live, which).toBe(release)
  expect(world.current, which).toBe(release)
  expect(world.warm, which).toBeUndefined()
  expect([...world.running.keys()], which).toEqual([release])
  expect([...world.doors], which).toEqual([release])
  expect(world.running.get(world.current ?? 'r0'), which).toEqual(new Set(['api', 'worker']))
}
