import { expect, test } from 'vitest'
import { makeContext } from '../../src/release/context.ts'
import type { Facts } from '../../src/release/model.ts'
import { prune } from '../../src/release/steps/prune.ts'
import { makeRelease } from './sample-release.ts'
import { makePlan, World } from './world.ts'

test.each<[string, Facts, string]>([
  ['its snapshot', { snapshot: { database: 'app__before_r2', of: 'app' } }, 'app__before_r2'],
  ['what it left behind', { leftBehind: 'app__left_r2' }, 'app__left_r2'],
])(
  'a deployment keeps %s, also when the clock was set back and it looks like the oldest',
  async (_what, facts, own) => {
    const world = new World()
    const ports = world.ports()
    const dropped: string[] = []
    const kind = own.replace('r2', '')
    if (ports.database === undefined) throw new Error('the world has a database')
    ports.database.leftBehind = async () => [`${kind}r9`, `${kind}r8`, own]
    ports.database.drop = async name => void dropped.push(name)
    const plan = makePlan(world, 'v2', { kind: 'pending', why: '' })
    const signal = new AbortController().signal
    const all = { release: makeRelease('r2', 'v2'), ...facts }
    await prune.apply(makeContext(plan, all, ports, new Date(), signal, async () => undefined))
    expect(dropped).toEqual([`${kind}r9`, `${kind}r8`])
  },
)
