import { describe, expect, test } from 'vitest'
import type { EnvironmentConfig } from '../../src/config/model.ts'
import type { Plan } from '../../src/release/model.ts'
import { recover } from '../../src/release/recover.ts'
import { runDeployment } from '../../src/release/run.ts'
import { tend } from '../../src/release/tend.ts'
import { config } from './sample-config.ts'
import { Death, makePlan, World, type Fault } from './world.ts'

/** The process of a deployment dies after the switch, before anybody could see how the new release does. */
const none: Plan['migration'] = { kind: 'unchanged', why: 'same migrations' }
const pending: Plan['migration'] = { kind: 'pending', why: 'new migrations' }
const watched: EnvironmentConfig = { ...config, watch: { forMs: 60_000 } }

describe('a deployment that died in its watch', () => {
  test.each(['edge.switchTo', 'engine.quietWorkers', 'edge.probe'])(
    'at %s: it ends all new, and the old release stays for as long as is still to be watched',
    async call => {
      const world = await cutOffAt(call, none)
      expect(await resume(world)).toBe('deployed')
      expect(world).toMatchObject({ live: 'r2', current: 'r2', warm: { release: 'r1' } })
      expect(world.running.get('r1')).toEqual(new Set(['api']))
      expect(Date.parse(world.warm?.until ?? '') - wallClock(world)).toBe(60_000)
    },
  )

  test('a bad release still goes back', async () => {
    const world = await cutOffAt('edge.probe', none)
    await resume(world)
    world.running.get('r2')?.delete('api')
    expect(await tending(world)).toMatch(/containers are there/)
  })

  test('a good one stays, and the old one is stopped when the time is over', async () => {
    const world = await cutOffAt('edge.probe', none)
    await resume(world)
    const before = world.now
    expect(await tending(world)).toBe('cooled')
    expect(world.now - before).toBeGreaterThanOrEqual(60_000)
    expect([...world.running.keys()]).toEqual(['r2'])
    expect(world.warm).toBeUndefined()
  })

  test('after a hold nothing stays: the old release can not live with the data', async () => {
    const world = await cutOffAt('edge.letGo', pending)
    await resume(world)
    expect(world.warm).toBeUndefined()
    expect([...world.running.keys()]).toEqual(['r2'])
  })

  test('once the watch is over, or where it is off, nothing stays', async () => {
    for (const [call, wanted] of [
      ['releases.setCurrent', watched],
      ['edge.switchTo', config],
    ] as const) {
      const world = await cutOffAt(call, none, wanted)
      await resume(world, wanted)
      expect(world).toMatchObject({ live: 'r2', current: 'r2', warm: undefined })
      expect([...world.running.keys()]).toEqual(['r2'])
    }
  })
})

describe('the clock on the wall is set', () => {
  test.each([-5, 5])('by %i hours between death and recovery: no deployment took less than no time', async hours => {
    const world = await cutOffAt('edge.switchTo', none)
    expect(await resume(world, watched, hours)).toBe('deployed')
    expect(world.history.at(-1)?.seconds).toBeGreaterThanOrEqual(0)
  })

  test.each([-5, 5])(
    'by %i hours while the warm release is looked after: it stays as long as was said',
    async hours => {
      const world = await cutOffAt('edge.probe', none)
      await resume(world)
      const before = world.now
      // Right after its first look at the clock.
      expect(await tending(world, hours)).toBe('cooled')
      expect(world.now - before).toBeGreaterThanOrEqual(60_000)
      expect(world.now - before).toBeLessThan(100_000)
    },
  )

  test('back by hours before somebody looks after it again: never longer than anybody wanted', async () => {
    const world = await cutOffAt('edge.probe', none)
    await resume(world)
    if (world.warm !== undefined)
      world.warm = { ...world.warm, until: new Date(wallClock(world) + 18_000_000).toISOString() }
    const before = world.now
    expect(await tending(world)).toBe('cooled')
    expect(world.now - before).toBeLessThan(100_000)
  })
})

/** r1 serves; the deployment of r2 dies at the first such call from the switch on, after its effect. */
async function cutOffAt(name: string, migration: Plan['migration'], wanted = watched): Promise<World> {
  const sample = await deployed(wanted)
  await deploy(sample, migration, wanted)
  const first = sample.calls.findIndex(call => /^edge\.(switchTo|letGo)$/.test(call))
  const call = sample.calls.findIndex((each, index) => each === name && index >= first)
  expect(call).toBeGreaterThan(0)
  const world = await deployed(wanted)
  await expect(deploy(world, migration, wanted, { call, kind: 'die-after' })).rejects.toThrow(Death)
  return world
}

async function deployed(wanted: EnvironmentConfig): Promise<World> {
  const world = new World()
  await deploy(world, pending, wanted)
  world.calls.length = 0
  return world
}

function deploy(
  world: World,
  migration: Plan['migration'],
  wanted: EnvironmentConfig,
  fault?: { call: number; kind: Fault },
) {
  const ports = world.ports()
  world.fault = fault
  const version = world.current === undefined ? 'v1' : 'v2'
  const plan = async () => ({ ...makePlan(world, version, migration), config: wanted })
  const signal = new AbortController().signal
  return runDeployment(
    { purpose: 'test', by: 'test', makePlan: plan, planOf: plan, signal, listen: () => undefined },
    ports,
  )
}

async function resume(world: World, wanted = watched, hours = 0): Promise<string | undefined> {
  const ports = world.ports()
  const { now } = ports.clock
  ports.clock.now = () => new Date(now().getTime() + hours * 3_600_000)
  const planOf = async () => ({ ...makePlan(world, 'v2', none), config: wanted })
  return (await recover(ports, { by: 'test', planOf, listen: () => undefined }))?.outcome
}

/** The background process, from here to its end; the reason when it would go back. */
async function tending(world: World, hours = 0): Promise<string> {
  const ports = world.ports()
  const { now } = ports.clock
  let looks = 0
  ports.clock.now = () => new Date(now().getTime() + (looks++ === 0 ? 0 : hours * 3_600_000))
  let because: string | undefined
  const ended = await tend(ports, {
    config: watched,
    signal: new AbortController().signal,
    goBack: async (_note, why) => {
      because = why
      return true
    },
    recover: async () => undefined,
  })
  return because ?? ended
}

function wallClock(world: World): number {
  return world.ports().clock.now().getTime()
}
