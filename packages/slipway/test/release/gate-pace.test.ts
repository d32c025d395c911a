import { expect, test } from 'vitest'
import { gate, type GatePorts } from '../../src/release/gate.ts'
import { stableAnsweringMs, stableMs } from '../../src/release/judge.ts'
import type { ContainerState } from '../../src/release/ports.ts'
import { makeRelease } from './sample-release.ts'
import { World } from './world.ts'

const release = makeRelease('r2', '2')

/** Containers that run from the beginning; the clock goes on by what is slept. */
function watched(changed: (rings: number) => Partial<ContainerState> = () => ({})): {
  ports: GatePorts
  world: World
  looks: number[]
} {
  const world = new World()
  const looks: number[] = []
  const { engine, edge, clock } = world.ports()
  world.running.set('r2', new Set(['api', 'worker']))
  return {
    world,
    looks,
    ports: {
      clock,
      edge: { ...edge, probe: async () => ({ kind: 'answered', status: 200, body: '', milliseconds: 1 }) },
      engine: {
        ...engine,
        containers: async of => {
          looks.push(world.now)
          return (await engine.containers(of)).map(each => ({ ...each, health: 'healthy', ...changed(looks.length) }))
        },
      },
    },
  }
}

const options = { limitMs: 60_000, signal: new AbortController().signal, note: () => undefined, consequence: '' }

test('where only time is missing, it looks twice a second, and once more when the time is there', async () => {
  const { ports, looks } = watched()
  await gate(release, ports, options)
  expect(looks.length).toBeLessThanOrEqual(stableMs / 500 + 2)
  expect(looks.at(-1)).toBeGreaterThanOrEqual(stableMs)
  expect(looks.at(-1)).toBeLessThan(stableMs + 50)
})

test('a worker that is switched off by replicas: 0 is not waited for', async () => {
  const { ports } = watched()
  const containers = async (of: typeof release) =>
    (await ports.engine.containers(of)).filter(({ service }) => service === 'api')
  const services = release.services.map(each => (each.name === 'worker' ? { ...each, replicas: 0 } : each))
  await gate({ ...release, services }, { ...ports, engine: { ...ports.engine, containers } }, options)
})

test('once all is well it is told so, a single time, while the watch still has all of its time', async () => {
  const { ports, world } = watched()
  const told: number[] = []
  await gate(release, beginning(ports, world, 3000), { ...options, whenWell: () => told.push(world.now) })
  expect(told).toHaveLength(1)
  expect(told[0]).toBeGreaterThanOrEqual(3000)
  expect(told[0]).toBeLessThan(3000 + 100)
})

test('what crashes meanwhile is seen at the next look', async () => {
  const { ports, looks } = watched(count => (count > 2 ? { restarts: 1, exitCode: 1 } : {}))
  await expect(gate(release, ports, options)).rejects.toMatchObject({ code: 'GATE_FAILED' })
  expect(looks).toHaveLength(3)
})

/** It answers, well, when the clock says so. */
function beginning(ports: GatePorts, world: World, bootMs: number): GatePorts {
  const probe: GatePorts['edge']['probe'] = async () =>
    world.now < bootMs
      ? { kind: 'no-answer', why: 'refused' }
      : { kind: 'answered', status: 200, body: '', milliseconds: 1 }
  return { ...ports, edge: { ...ports.edge, probe } }
}

test('what takes long to begin and dies a second after its first answer does not pass', async () => {
  const bootMs = 3000
  const { ports, world } = watched(() => (world.now > bootMs + 1000 ? { restarts: 1, exitCode: 1 } : {}))
  const passing = gate(release, beginning(ports, world, bootMs), options)
  await expect(passing).rejects.toMatchObject({ code: 'GATE_FAILED' })
})

test('its first good answer counts from when it came, however long its own check takes after it', async () => {
  const { ports, world } = watched(() => ({ health: 'starting' }))
  const bootMs = 1000
  const engine: GatePorts['engine'] = {
    ...ports.engine,
    async checkHealth() {
      await ports.clock.sleep(300)
      return { ok: true, output: '' }
    },
  }
  await gate(release, { ...beginning(ports, world, bootMs), engine }, options)
  expect(world.now).toBeGreaterThanOrEqual(bootMs + stableAnsweringMs)
  // Two containers have a check each, one of which is run after the look at the first answer.
  expect(world.now).toBeLessThan(bootMs + stableAnsweringMs + 300)
})

test('who does not listen yet is asked often, and looked at seldom', async () => {
  const { ports, world, looks } = watched()
  const asked: number[] = []
  const bootMs = 2000
  const before = beginning(ports, world, bootMs)
  const probe: GatePorts['edge']['probe'] = (...words) => {
    asked.push(world.now)
    return before.edge.probe(...words)
  }
  await gate(release, { ...before, edge: { ...before.edge, probe } }, options)
  expect(asked.length).toBeGreaterThan(bootMs / 50)
  expect(looks.filter(at => at < bootMs).length).toBeLessThan(bootMs / 200 + 1)
})

test('what is well just before its deadline has the time to stay so; what is not has failed', async () => {
  const deadlineMs = Math.max(...release.services.map(service => service.health.deadlineMs))
  const inTime = watched()
  await gate(release, beginning(inTime.ports, inTime.world, deadlineMs - 200), options)
  expect(inTime.world.now).toBeGreaterThanOrEqual(deadlineMs + 1000)
  const late = watched()
  const passing = gate(release, beginning(late.ports, late.world, deadlineMs + 500), options)
  await expect(passing).rejects.toMatchObject({ code: 'GATE_FAILED' })
})
