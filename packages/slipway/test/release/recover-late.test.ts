import { expect, test } from 'vitest'
import { recover } from '../../src/release/recover.ts'
import { runDeployment } from '../../src/release/run.ts'
import { Death, makePlan, World, type Fault } from './world.ts'

/** The programs of a runner that was killed are ended. What they had asked Docker for it does all the same, a little later. */
const planOf = (world: World, version: string) => async () =>
  makePlan(world, version, { kind: 'unchanged', why: 'same migrations' })

async function deploy(world: World, version: string, fault?: { call: number; kind: Fault }): Promise<void> {
  const ports = world.ports()
  world.fault = fault
  const plan = planOf(world, version)
  const signal = new AbortController().signal
  const options = { purpose: 'test', by: 'test', makePlan: plan, planOf: plan, signal, listen: () => undefined }
  await runDeployment(options, ports)
}

async function served(): Promise<World> {
  const world = new World()
  await deploy(world, 'v1')
  world.calls.length = 0
  return world
}

test.each(['engine.start', 'engine.ensureState'])(
  'what Docker makes after all of it was taken back goes too: died in %s',
  async name => {
    const sample = await served()
    await deploy(sample, 'v2')
    const call = sample.calls.indexOf(name)
    expect(call).toBeGreaterThan(0)

    const world = await served()
    await expect(deploy(world, 'v2', { call, kind: 'die-before' })).rejects.toThrow(Death)
    const ports = world.ports()
    const { sleep } = ports.clock
    let late = false
    ports.clock.sleep = async (...waited) => {
      // The last thing that happens before all is over.
      if (world.calls.at(-1) === 'source.discard') {
        late = true
        world.running.set('r2', new Set(['api']))
      }
      await sleep(...waited)
    }
    await recover(ports, { by: 'test', planOf: planOf(world, 'v2'), listen: () => undefined })
    expect(late).toBe(true)
    expect([...world.running.keys()]).toEqual(['r1'])
  },
)
