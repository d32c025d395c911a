import { describe, expect, test } from 'vitest'
import type { DeploymentRecord, Plan } from '../../src/release/model.ts'
import type { Event } from '../../src/release/events.ts'
import { runDeployment } from '../../src/release/run.ts'
import { makeRelease } from './sample-release.ts'
import { makePlan, World } from './world.ts'

const pending: Plan['migration'] = { kind: 'pending', why: 'new migrations' }
const none: Plan['migration'] = { kind: 'unchanged', why: 'same migrations' }
const nothing = { requests: 0, webSockets: 0, eventStreams: 0 }

describe('what is under way when a hold begins', () => {
  test('requests end before the database is fenced, however long they take within the hold', async () => {
    const world = await deployedWorld()
    const began = world.now
    world.inFlight = () => (world.now - began < 20_000 ? { ...nothing, requests: 2 } : nothing)
    const fencedAt = noting(world, 'database.fence')
    const { record } = await deploy(world, 'v2', pending)
    expect(record.outcome).toBe('deployed')
    expect(fencedAt()).toBeGreaterThanOrEqual(began + 20_000)
  })

  test('requests that never end let the hold end: nothing is cut, fenced or copied, and workers work again', async () => {
    const world = await deployedWorld()
    world.inFlight = () => ({ ...nothing, requests: 3 })
    const { record } = await deploy(world, 'v2', pending)
    expect(record).toMatchObject({ outcome: 'rolled-back', failure: { step: 'hold', code: 'HOLD_TOO_LONG' } })
    expect(record.failure?.message).toMatch(/^3 requests/)
    expect(record.heldMs).toBeLessThan(60_000)
    expect(world.calls).not.toContain('database.fence')
    expect(world.live).toBe('r1')
    expect(world.running.get('r1')).toEqual(new Set(['api', 'worker']))
  })

  test('WebSockets are closed, after the requests and before the fence; event streams stay; both are told', async () => {
    const world = await deployedWorld()
    world.inFlight = () => ({ requests: 0, webSockets: world.closed.length === 0 ? 2 : 0, eventStreams: 1 })
    const { record, notes } = await deploy(world, 'v2', pending)
    expect(record.outcome).toBe('deployed')
    expect(world.closed[0]).toBe('r1')
    expect(world.calls.indexOf('edge.closeWebSockets')).toBeGreaterThan(world.calls.indexOf('edge.hold'))
    expect(world.calls.indexOf('edge.closeWebSockets')).toBeLessThan(world.calls.indexOf('database.fence'))
    expect(notes.join()).toMatch(/2 WebSockets were told to come again.*1 event stream stays with r1/)
  })
})

describe('workers in a hold', () => {
  test('are quiet before anybody waits, and the new ones come when the web services answer', async () => {
    const world = await deployedWorld()
    await deploy(world, 'v2', pending)
    const { calls } = world
    expect(calls.indexOf('engine.quietWorkers')).toBeLessThan(calls.indexOf('edge.hold'))
    const starts = calls.flatMap((call, index) => (call === 'engine.start' ? [index] : []))
    expect(starts).toHaveLength(2)
    expect(calls.slice(starts[0], starts[1])).toContain('edge.probe')
  })

  test('never start for a release whose web services do not become healthy', async () => {
    const world = await deployedWorld()
    world.health = 'never'
    const { record } = await deploy(world, 'v2', pending)
    expect(record).toMatchObject({ outcome: 'rolled-back', failure: { code: 'GATE_FAILED' } })
    expect(world.calls.filter(call => call === 'engine.start')).toHaveLength(1)
  })

  test('that had to be killed are named', async () => {
    const world = await deployedWorld()
    world.stubborn = ['app-r1-worker-1']
    const { record, notes } = await deploy(world, 'v2', none)
    expect(record.outcome).toBe('deployed')
    expect(notes.join()).toMatch(/app-r1-worker-1 went on for longer than its grace period and was killed/)
  })
})

describe('an old release that is put away', () => {
  test('is drained first, and what is open at the limit is ended in order and counted', async () => {
    const world = await deployedWorld()
    const began = world.now
    world.inFlight = () => ({ requests: 1, webSockets: 2, eventStreams: 3 })
    const { record, summaries } = await deploy(world, 'v2', none)
    expect(record.outcome).toBe('deployed')
    expect(world.now - began).toBeGreaterThanOrEqual(10_000)
    const order = ['edge.closeWebSockets', 'engine.remove', 'edge.closeDoor'].map(call => world.calls.lastIndexOf(call))
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(summaries.join()).toMatch(
      /r1 stopped at the drain limit: 1 request cut off, 2 WebSockets closed with a close frame, 3 event streams ended/,
    )
  })

  test('that was warm is counted all the same, by the deployment before which it is stopped', async () => {
    const world = await deployedWorld()
    world.warm = { release: 'r9', until: new Date(2_000_000_000_000).toISOString() }
    world.releases.set('r9', makeRelease('r9', 'v9'))
    world.inFlight = () => (world.doors.has('r9') ? { requests: 0, webSockets: 1, eventStreams: 0 } : nothing)
    world.doors.add('r9')
    const { notes } = await deploy(world, 'v2', none)
    expect(notes.join()).toMatch(
      /r9 stopped at the drain limit: 1 WebSocket closed with a close frame.*r9 is no longer kept warm/,
    )
  })

  test('with nothing open closes no WebSockets', async () => {
    const world = await deployedWorld()
    const { summaries } = await deploy(world, 'v2', none)
    expect(world.closed).toEqual([])
    expect(summaries.join()).toMatch(/r1 drained/)
  })
})

async function deployedWorld(): Promise<World> {
  const world = new World()
  await deploy(world, 'v1', pending)
  world.calls.length = 0
  return world
}

async function deploy(
  world: World,
  version: string,
  migration: Plan['migration'],
): Promise<{ record: DeploymentRecord; notes: string[]; summaries: string[] }> {
  const events: Event[] = []
  const record = await runDeployment(
    {
      purpose: 'test',
      by: 'test',
      makePlan: () => Promise.resolve(makePlan(world, version, migration)),
      planOf: () => Promise.resolve(makePlan(world, version, migration)),
      signal: new AbortController().signal,
      listen: event => void events.push(event),
    },
    world.ports(),
  )
  return {
    record,
    notes: events.flatMap(event => (event.type === 'step-note' ? [event.text] : [])),
    summaries: events.flatMap(event => (event.type === 'step-finished' ? [event.summary ?? ''] : [])),
  }
}

/** The moment of the first call of this name. */
function noting(world: World, name: string): () => number {
  let at = -1
  const { calls } = world
  const push = calls.push.bind(calls)
  calls.push = (...names) => {
    if (at < 0 && names.includes(name)) at = world.now
    return push(...names)
  }
  return () => at
}
