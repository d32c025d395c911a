import { expect, test } from 'vitest'
import type { Experience } from '../../src/release/experience.ts'
import type { Plan, Rehearsal } from '../../src/release/model.ts'
import type { Ports, RehearsalOrder } from '../../src/release/ports.ts'
import { rehearsePlan } from '../../src/release/rehearse-plan.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { config } from './sample-config.ts'
import { makeRelease } from './sample-release.ts'
import { makePlan, World } from './world.ts'

const rehearsal: Rehearsal = { changed: true, seconds: 1, changes: [], locks: [], old: { kind: 'lives' } }

interface Stage {
  ports: Ports
  calls: string[]
  orders: RehearsalOrder[]
  kept: Experience[]
}

function stageThat(run: () => Promise<Rehearsal>, differs: Partial<Ports> = {}): Stage {
  const world = new World()
  const calls: string[] = []
  const orders: RehearsalOrder[] = []
  const kept: Experience[] = []
  const ports: Ports = {
    ...world.ports(),
    source: {
      fetch: async (_plan, id) => {
        calls.push('fetch')
        return makeRelease(id, '2')
      },
      discard: async id => void calls.push(`discard ${id}`),
    },
    rehearsals: {
      prepare: async () => void calls.push('prepare'),
      fill: async () => calls.push('fill'),
      makeReady: async () => void calls.push('makeReady'),
      run: async order => {
        calls.push('run')
        orders.push(order)
        return run()
      },
      remove: async () => void calls.push('remove'),
    },
    experience: { read: async () => ({}), add: async more => void kept.push(more) },
    ...differs,
  }
  return { ports, calls, orders, kept }
}

function plan(differs: Partial<Plan> = {}): Plan {
  const rehearse = { mode: 'full' as const, smoke: [], timeoutMs: 1000 }
  return {
    ...makePlan(new World(), '2', { kind: 'pending', why: 'new files' }),
    current: makeRelease('r1', '1'),
    config: { ...config, rehearse },
    database: { bytes: 7 },
    rehearsal: { of: 'this' },
    ...differs,
  }
}

const request = () => ({ signal: new AbortController().signal, say: () => undefined })

test('rehearses on the data of now, remembers what it said, and leaves nothing', async () => {
  const { ports, calls, orders, kept } = stageThat(async () => rehearsal)
  const rehearsed = await rehearsePlan(plan(), ports, request())
  expect(rehearsed.rehearsal).toMatchObject({ of: 'this', report: { row: 'online' } })
  expect(orders[0]).toMatchObject({ current: { id: 'r1' }, release: { id: 'r1' } })
  expect(orders[0]).not.toHaveProperty('backup')
  expect(kept).toEqual([{ rehearsal: expect.objectContaining({ of: 'this', databaseBytes: 7, rehearsal }) }])
  expect(calls).toEqual(['prepare', 'fetch', 'run', 'remove', 'discard r1'])
})

test('a migration that fails on the copy is an answer', async () => {
  const failure = new SlipwayError('REHEARSAL_FAILED', 'The migration of r2 failed', {
    why: 'no such column',
    output: ['ERROR'],
  })
  const { ports, calls, kept } = stageThat(() => Promise.reject(failure))
  const { rehearsal: said } = await rehearsePlan(plan(), ports, request())
  expect(said?.report).toMatchObject({
    row: 'fails',
    says: 'The migration of r2 failed',
    why: 'no such column',
    output: ['ERROR'],
  })
  expect(kept).toHaveLength(1)
  expect(calls.slice(-2)).toEqual(['remove', 'discard r1'])
})

test.each<[string, () => Promise<Rehearsal>, Partial<Ports>]>([
  ['the copy', () => Promise.reject(new SlipwayError('RESTORE_FAILED', 'no disk')), {}],
  [
    'the build',
    async () => rehearsal,
    { source: { fetch: () => Promise.reject(new SlipwayError('BUILD_FAILED', 'no')), discard: async () => undefined } },
  ],
])('when %s fails nothing is said, nothing remembered and nothing left', async (_name, run, differs) => {
  const { ports, calls, kept } = stageThat(run, differs)
  await expect(rehearsePlan(plan(), ports, request())).rejects.toThrow(SlipwayError)
  expect(kept).toEqual([])
  expect(calls).toContain('remove')
})

test('Ctrl-C ends it, and what a rehearsal said that was cut off by it is not remembered', async () => {
  const ended = new AbortController()
  const { ports, calls, kept } = stageThat(async () => {
    ended.abort()
    throw new SlipwayError('REHEARSAL_FAILED', 'killed by the signal')
  })
  await expect(rehearsePlan(plan(), ports, { ...request(), signal: ended.signal })).rejects.toThrow('killed')
  expect(kept).toEqual([])
  expect(calls.slice(-2)).toEqual(['remove', 'discard r1'])
  const before = stageThat(async () => rehearsal)
  await expect(rehearsePlan(plan(), before.ports, { ...request(), signal: ended.signal })).rejects.toMatchObject({
    code: 'INTERRUPTED',
  })
  expect(before.calls).not.toContain('run')
})

test.each<[string, Partial<Plan>]>([
  ['nothing to rehearse', { migration: { kind: 'unchanged', why: 'same' } }],
  ['rehearse is off', { config }],
])('%s: says so, and touches nothing', async (why, differs) => {
  const { ports, calls } = stageThat(async () => rehearsal)
  const said: string[] = []
  const given = plan(differs)
  expect(await rehearsePlan(given, ports, { ...request(), say: text => said.push(text) })).toBe(given)
  expect(said.join()).toContain(why)
  expect(calls).toEqual([])
})

test('a note that can not be written harms nobody', async () => {
  const { ports } = stageThat(async () => rehearsal, {
    experience: { read: async () => ({}), add: () => Promise.reject(new Error('disk full')) },
  })
  expect((await rehearsePlan(plan(), ports, request())).rehearsal?.report?.row).toBe('online')
})

test('what is live is looked at alone: nothing is made there that a deployment would need first', async () => {
  const looked: string[] = []
  const checks = { preflight: async (_plan: Plan, to: string) => (looked.push(to), []) }
  const { ports } = stageThat(async () => rehearsal, { checks })
  await rehearsePlan(plan(), ports, { signal: new AbortController().signal, say: () => undefined })
  expect(looked).toEqual(['look'])
})
