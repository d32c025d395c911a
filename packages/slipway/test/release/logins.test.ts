import { expect, test } from 'vitest'
import { makeContext, type Context } from '../../src/release/context.ts'
import type { Release } from '../../src/release/model.ts'
import type { Ports } from '../../src/release/ports.ts'
import { prune } from '../../src/release/steps/prune.ts'
import { state } from '../../src/release/steps/state.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { makeRelease } from './sample-release.ts'
import { makePlan, World } from './world.ts'

/** A step of the deployment of r9, in a world where nothing is wrong. */
async function contextOf(change: (ports: Ports, world: World) => void): Promise<Context> {
  const world = new World()
  const ports = world.ports()
  change(ports, world)
  const plan = makePlan(world, 'v9', { kind: 'none', why: '' })
  const { signal } = new AbortController()
  return makeContext(plan, { release: makeRelease('r9', 'v9') }, ports, new Date(), signal, async () => undefined)
}

const refused = new SlipwayError('DATABASE_UNREACHABLE', 'The login does not work')

test('the logins of releases that are kept are needed, also that of a warm one; all others go', async () => {
  const needed: (readonly string[])[] = []
  const context = await contextOf((ports, world) => {
    const releases = ['r9', 'r8', 'r7', 'r6', 'r5', 'r4', 'r3'] as const
    for (const id of releases) {
      const release: Release = makeRelease(id, id)
      world.releases.set(id, id === 'r7' ? release : { ...release, logins: [`of ${id}`, 'of several'] })
    }
    const warm = { release: 'r3', until: '2026-01-01T00:00:00Z' } as const
    ports.warm = { read: async () => warm } as unknown as NonNullable<Ports['warm']>
    ports.logins = {
      missing: async () => [],
      provide: async () => [],
      retire: async names => {
        needed.push(names)
        return ['of r4']
      },
    }
  })
  expect(await prune.apply(context)).toBe('removed r4, the login of r4')
  expect([...new Set(needed.flat())].sort()).toEqual(['of r3', 'of r5', 'of r6', 'of r8', 'of r9', 'of several'])
})

test('a database that is new is given the logins before it is proved that the app gets in', async () => {
  const done: string[] = []
  const context = await contextOf((ports, world) => {
    world.stateDefinition = 'another'
    let tries = 0
    ports.logins = {
      missing: async () => [],
      provide: async () => {
        // The server that sets a new database up is not there yet.
        if (++tries === 1) throw refused
        done.push('provided')
        return []
      },
      retire: async () => [],
    }
    if (ports.database === undefined) throw new Error('the world has a database')
    ports.database.proveLogin = async () => void done.push('proved')
  })
  await state.apply(context)
  expect(done).toEqual(['provided', 'proved'])
})

test('the login of the app is as good as that of the image, whose password may have been changed', async () => {
  const proved: string[] = []
  const context = await contextOf((ports, world) => {
    world.stateDefinition = 'another'
    const { database } = ports
    if (database === undefined) throw new Error('the world has a database')
    database.proveLogin = () => Promise.reject(refused)
    ports.appDatabase = { ...database, proveLogin: async () => void proved.push('the app') }
  })
  await state.apply(context)
  expect(proved).toEqual(['the app'])
})
