import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { makeContext, type Context } from '../../src/release/context.ts'
import { watchEngine } from '../../src/release/engine-silence.ts'
import type { Event } from '../../src/release/events.ts'
import type { Facts, Plan } from '../../src/release/model.ts'
import { recover } from '../../src/release/recover.ts'
import { runDeployment } from '../../src/release/run.ts'
import { switchOver } from '../../src/release/steps/switch.ts'
import { config } from './sample-config.ts'
import { makeRelease } from './sample-release.ts'
import { Death, makePlan, World } from './world.ts'

const pending: Plan['migration'] = { kind: 'pending', why: '' }
const pace = { usualMs: 10_000, hurryMs: 1000 }
let answers: boolean
let said: string[]

beforeEach(() => {
  vi.useFakeTimers()
  answers = true
  said = []
})

afterEach(() => vi.useRealTimers())

/** Requests wait for r1, whose successor is r2. */
function held(facts: Facts = { held: { services: ['api'] }, fenced: true }): { context: Context; world: World } {
  const world = new World()
  world.current = 'r1'
  world.releases.set('r1', makeRelease('r1', 'v1'))
  world.live = 'held'
  const ports = world.ports()
  ports.engine.answers = async () => answers
  ports.clock.monotonic = () => performance.now()
  const plan = makePlan(world, 'v2', pending)
  const all = { release: makeRelease('r2', 'v2'), ...facts }
  const context = makeContext(plan, all, ports, new Date(), new AbortController().signal, async event => {
    if (event.type === 'step-note') said.push(event.text)
  })
  return { context, world }
}

describe('an engine that does not answer', () => {
  test('is said once, with the time, and so is its return', async () => {
    const { context } = held()
    const watch = watchEngine(context, pace)
    await vi.advanceTimersByTimeAsync(30_000)
    expect(said).toEqual([])
    answers = false
    await vi.advanceTimersByTimeAsync(30_000)
    expect(said).toEqual([expect.stringMatching(/^Docker does not answer since \d\d:\d\d:\d\d: waiting$/)])
    answers = true
    await vi.advanceTimersByTimeAsync(5000)
    expect(said.at(-1)).toBe('Docker answers again')
    watch.stop()
    answers = false
    await vi.advanceTimersByTimeAsync(60_000)
    expect(said).toHaveLength(2)
  })

  test('does not keep people waiting beyond the limit of the hold; after that nothing is switched any more', async () => {
    const { context, world } = held()
    context.heldUntil = performance.now() + 4000
    answers = false
    const watch = watchEngine(context, pace)
    await vi.advanceTimersByTimeAsync(3900)
    expect(world.live).toBe('held')
    await vi.advanceTimersByTimeAsync(4000)
    expect(world.live).toBe('r1')
    expect(said.at(-1)).toMatch(/requests go to r1 again; the database stays fenced/)
    await expect(switchOver.apply(context)).rejects.toMatchObject({ code: 'HOLD_TOO_LONG' })
    expect(world.live).toBe('r1')
    watch.stop()
  })

  test('that answers late, once, lets nobody go: the way back may need longer than the limit', async () => {
    const { context, world } = held()
    context.heldUntil = performance.now() + 4000
    const watch = watchEngine(context, pace)
    await vi.advanceTimersByTimeAsync(5200)
    answers = false
    await vi.advanceTimersByTimeAsync(1000)
    answers = true
    await vi.advanceTimersByTimeAsync(60_000)
    expect(world.live).toBe('held')
    watch.stop()
  })

  test('keeps nobody waiting for whoever takes up a deployment that died in a hold, either', async () => {
    const world = await diedInHold()
    const ports = world.ports()
    const { now } = ports.clock
    const began = performance.now()
    ports.clock.monotonic = () => performance.now()
    // A clock that was set back by hours does not make them wait for hours.
    ports.clock.now = () => new Date(now().getTime() - 5 * 3_600_000 + performance.now() - began)
    ports.engine.answers = async () => false
    ports.engine.remove = () => new Promise(() => undefined)
    const planOf = async () => makePlan(world, 'v2', pending)
    const listen = (event: Event) => event.type === 'step-note' && said.push(event.text)
    void recover(ports, { by: 'test', planOf, listen })
    await vi.advanceTimersByTimeAsync(config.hold.limitMs - 1000)
    expect(world.live).toBe('held')
    await vi.advanceTimersByTimeAsync(5000)
    expect(world.live).toBe('r1')
    expect(world.fenced).toBe(true)
    expect(said.at(-1)).toMatch(/requests go to r1 again; the database stays fenced/)
  })

  test('after the switch nobody is let go to the old release', async () => {
    const { context, world } = held()
    context.heldUntil = performance.now() + 4000
    answers = false
    const watch = watchEngine(context, pace)
    await switchOver.apply(context)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(world.live).toBe('r2')
    watch.stop()
  })
})

/** r1 serves; the process that deployed r2 died while it migrated. */
async function diedInHold(): Promise<World> {
  const world = new World()
  await deploy(world, 'v1')
  const sample = new World()
  await deploy(sample, 'v1')
  sample.calls.length = 0
  world.calls.length = 0
  await deploy(sample, 'v2')
  const call = sample.calls.indexOf('engine.migrate')
  await expect(deploy(world, 'v2', call)).rejects.toThrow(Death)
  expect(world.live).toBe('held')
  return world
}

function deploy(world: World, version: string, diesAt?: number): Promise<unknown> {
  const ports = world.ports()
  world.fault = diesAt === undefined ? undefined : { call: diesAt, kind: 'die-after' }
  const plan = async () => makePlan(world, version, pending)
  const signal = new AbortController().signal
  return runDeployment(
    { purpose: 'test', by: 'test', makePlan: plan, planOf: plan, signal, listen: () => undefined },
    ports,
  )
}
