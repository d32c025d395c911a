import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { statementsExtensionQuery, usageSql, type UsageRow } from '../../packages/slipway/src/postgres/usage.ts'
import { shop } from './apps/shop.ts'
import { corpus } from './corpus.ts'
import { Laboratory } from './run/laboratory.ts'
import { observe, type Observation } from './run/observe.ts'
import { rowsOf } from './run/session.ts'
import { sha256, sqlOf } from './run/squawk-input.ts'
import { squawk } from './run/squawk.ts'
import { table } from './run/table.ts'

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string
  }
}

let laboratory: Laboratory
const observations = new Map<string, Observation>()

beforeAll(async () => {
  laboratory = await Laboratory.open(inject('databaseUrl'))
})
afterAll(() => laboratory.close())

/** Roles belong to the whole server: whoever changes them works alone. */
const changeRoles = 'Rights and settings'

for (const [theme, cases] of Object.entries(corpus)) {
  describe(theme, { concurrent: theme !== changeRoles }, () => {
    test.each(cases.map(one => [one.name, one] as const))('%s', async (name, one) => {
      const seen = await observe(laboratory, one)
      observations.set(name, seen)
      expect({ truth: seen.truth, because: seen.because }).toEqual({ truth: one.truth, because: seen.because })
      // The one rule: what breaks old code is never called compatible.
      if (seen.truth === 'breaking') expect(seen.ours.verdict).toBe('breaking')
    })
  })
}

test('what is done on a live database can be seen', async () => {
  const database = await laboratory.database(shop, undefined)
  const usage = await laboratory.within(database, async session => {
    await session.query('delete from order_items where order_id = 1')
    await session.query('select pg_stat_force_next_flush()')
    return laboratory.within(database, async other => {
      const [found] = await rowsOf<{ schema: string }>(other, statementsExtensionQuery)
      return rowsOf<UsageRow>(other, usageSql(found?.schema))
    })
  })
  await laboratory.drop(database)
  expect(usage).toContainEqual({ kind: 'deletes', value: 'public.order_items' })
  expect(usage).toContainEqual({ kind: 'session', value: 'select pg_stat_force_next_flush()' })
  expect(usage.some(row => row.kind === 'transactions' && Number(row.value) > 0)).toBe(true)
})

test('squawk has read every migration as it is now', () => {
  const stale = Object.values(corpus)
    .flat()
    .filter(one => {
      const sql = sqlOf(one)
      return sql !== undefined && squawk.cases[one.name]?.sha256 !== sha256(sql)
    })
  expect(
    stale.map(one => one.name),
    'run: node test/migrations/squawk.mjs',
  ).toEqual([])
})

test('the page says what was seen', async () => {
  const names = Object.values(corpus).flatMap(cases => cases.map(one => one.name))
  expect(new Set(names).size).toBe(names.length)
  if (observations.size < names.length) return
  await expect(table(corpus, observations)).toMatchFileSnapshot('../../docs/reference/migrations.md')
})
