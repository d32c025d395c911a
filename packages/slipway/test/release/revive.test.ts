import { describe, expect, test } from 'vitest'
import type { EnvironmentConfig } from '../../src/config/model.ts'
import type { DeploymentRecord, Plan } from '../../src/release/model.ts'
import { recover } from '../../src/release/recover.ts'
import { runDeployment } from '../../src/release/run.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { config } from './sample-config.ts'
import { Death, makePlan, World, type Fault } from './world.ts'

/** Docker dies during a deployment, and comes back without what it does not start again. */
const pending: Plan['migration'] = { kind: 'pending', why: 'new migrations' }
const none: Plan['migration'] = { kind: 'unchanged', why: 'same migrations' }

describe('a release that goes on serving runs in full', () => {
  test.each(['engine.start', 'database.fence', 'engine.migrate'])(
    'after a failure at %s: the old one is brought up before its database is needed',
    async name => {
      const { world, revived } = await serving()
      const record = await deploy(world, pending, { call: await callOf(name), kind: 'fail-before' })
      expect(record.outcome).toBe('rolled-back')
      // In a hold its workers are stopped, and woken in their turn.
      expect(revived).toContain('r1 web')
      const lift = world.calls.indexOf('database.liftFence')
      expect(world.calls.indexOf('engine.revive')).toBeLessThan(lift)
    },
  )

  test('its workers too, when the deployment has not stopped them', async () => {
    const { world, revived } = await serving()
    const call = await callOf('engine.start', none)
    expect((await deploy(world, none, { call, kind: 'fail-before' })).outcome).toBe('rolled-back')
    expect(revived).toEqual(['r1 web+worker'])
  })

  test('the new one after the switch, also by whoever takes up what was cut off', async () => {
    const { world, revived } = await serving()
    const call = await callOf('edge.switchTo', none)
    await expect(deploy(world, none, { call, kind: 'die-after' })).rejects.toThrow(Death)
    expect(revived).toEqual([])
    const planOf = async () => makePlan(world, 'v2', none)
    await recover(ports(world, revived), { by: 'test', planOf, listen: () => undefined })
    expect(revived).toEqual(['r2 web+worker'])
  })

  test.each([none, pending])('the new one when the watch finds both of them down: $kind', async migration => {
    const { world, revived } = await serving()
    world.turnsBad = 'crash'
    world.allUnwell = true
    const record = await deploy(world, migration, undefined, { ...config, watch: { forMs: 5000 } })
    expect(record.outcome).toBe('deployed')
    expect(revived[0]).toBe('r2 web+worker')
  })

  test('what can not be started now is tried again with the way back', async () => {
    const { world, revived } = await serving()
    let away = 1
    world.reviving = () => {
      if (away-- > 0) throw new SlipwayError('ENGINE_UNAVAILABLE', 'Docker Engine does not answer')
    }
    world.failing = 1
    const call = await callOf('engine.start', none)
    expect((await deploy(world, none, { call, kind: 'fail-before' })).outcome).toBe('rolled-back')
    expect(revived).toEqual(['r1 web+worker'])
  })
})

class Stumbling extends World {
  revived: string[] = []
  reviving: () => void = () => undefined
  /** How often removing fails, as all does while Docker is away. */
  failing = 0
}

async function serving(): Promise<{ world: Stumbling; revived: string[] }> {
  const world = new Stumbling()
  await deploy(world, pending)
  world.calls.length = 0
  world.revived = []
  return { world, revived: world.revived }
}

async function callOf(name: string, migration = pending): Promise<number> {
  const { world } = await serving()
  await deploy(world, migration)
  const call = world.calls.filter(each => each !== 'engine.revive').indexOf(name)
  expect(call).toBeGreaterThanOrEqual(0)
  return call
}

function ports(world: Stumbling, revived: string[]) {
  const all = world.ports()
  const { remove } = all.engine
  all.engine.revive = async (release, roles) => {
    world.reviving()
    world.calls.push('engine.revive')
    revived.push(`${release.id} ${roles.join('+')}`)
    return []
  }
  all.engine.remove = async (release, how, whenStopped) => {
    if (world.failing-- > 0) throw new SlipwayError('ENGINE_UNAVAILABLE', 'Docker Engine does not answer')
    return remove(release, how, whenStopped)
  }
  return all
}

function deploy(
  world: Stumbling,
  migration: Plan['migration'],
  fault?: { call: number; kind: Fault },
  wanted: EnvironmentConfig = config,
): Promise<DeploymentRecord> {
  const own = ports(world, world.revived)
  world.fault = fault
  const version = world.current === undefined ? 'v1' : 'v2'
  const plan = async () => ({ ...makePlan(world, version, migration), config: wanted })
  const signal = new AbortController().signal
  return runDeployment(
    { purpose: 'test', by: 'test', makePlan: plan, planOf: plan, signal, listen: () => undefined },
    own,
  )
}
