import { expect, test } from 'vitest'
import { makeContext, type Context } from '../../../src/release/context.ts'
import type { Facts, PathEnd, Plan, Release } from '../../../src/release/model.ts'
import type { Ports } from '../../../src/release/ports.ts'
import { offerPath, takePath } from '../../../src/release/several/path.ts'
import type { AgreementKey, Decisions } from '../../../src/release/several/agreement.ts'

const key: AgreementKey = 'd1@2026-11-21T10:00:00.000Z'

/** A deployment of a release with this end of the way, and what was done about it. */
function deployment(end: PathEnd | undefined, answers: Decisions[] = []) {
  const done: unknown[] = []
  let now = 0
  const ports = {
    clock: {
      now: () => new Date(now),
      monotonic: () => now,
      sleep: async (milliseconds: number) => void (now += milliseconds),
    },
    agreement: { role: 'follows', server: 'a', key, ask: async () => answers.shift() ?? {} },
    path: {
      offer: async ({ id }: Release) => ({ port: Number(id.slice(1)) + 25_432 }),
      take: async ({ id }: Release, start: object) => void done.push([id, start]),
    },
  } as unknown as Ports
  const release = { id: 'r3', ...(end === undefined ? {} : { path: end }) } as unknown as Release
  const facts: Facts = { release, agreement: { role: 'follows', key } }
  const signal = new AbortController().signal
  const context: Context = makeContext({} as Plan, facts, ports, new Date(0), signal, async () => undefined)
  return { context, done }
}

test('where the database is, the way of the new release is opened and told', async () => {
  const { context } = deployment({ kind: 'offered' })
  await offerPath(context)
  expect(context.facts.path).toEqual({ port: 25_435 })
})

test('elsewhere it is taken when it was told, and not before', async () => {
  const taken: PathEnd = { kind: 'taken', service: 'db', networks: ['default'] }
  const { context, done } = deployment(taken, [{}, { holds: false }, { path: { port: 25_435 } }])
  await takePath(context)
  expect(done).toEqual([['r3', { port: 25_435 }]])
  expect(context.facts.path).toEqual({ port: 25_435 })
})

test('when all go back nobody waits for it', async () => {
  const { context, done } = deployment({ kind: 'taken', service: 'db', networks: ['default'] }, [{ outcome: 'back' }])
  await expect(takePath(context)).rejects.toMatchObject({ code: 'ELSEWHERE_FAILED' })
  expect(done).toEqual([])
})

test('a release that needs none has none', async () => {
  const { context, done } = deployment(undefined)
  await offerPath(context)
  await takePath(context)
  expect([done, context.facts.path]).toEqual([[], undefined])
})
