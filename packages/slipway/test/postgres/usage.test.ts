import { expect, test } from 'vitest'
import { asUsage, usageSql } from '../../src/postgres/usage.ts'
import { lastName, minds } from '../../src/postgres/usage-verdicts.ts'

test('what was not seen for long enough is not known', () => {
  const deletes = { kind: 'deletes', value: 'public.t' }
  expect(asUsage([deletes, { kind: 'transactions', value: '999' }])).toEqual({})
  expect(asUsage([deletes, { kind: 'transactions', value: '1000' }])).toEqual({ deletes: ['public.t'] })
  expect(asUsage([{ kind: 'session', value: 'select 1' }])).toEqual({})
  expect(
    asUsage([
      { kind: 'statement', value: 'select 2' },
      { kind: 'session', value: 'select 1' },
    ]),
  ).toEqual({
    statements: ['select 2', 'select 1'],
  })
  expect(asUsage([{ kind: 'transactions', value: 'rubbish' }])).toEqual({})
})

test('the schema of the extension is quoted', () => {
  expect(usageSql('we"ird; drop')).toContain('"we""ird; drop".pg_stat_statements')
  expect(usageSql(undefined)).not.toContain('pg_stat_statements')
})

test.each([
  ['select * from orders', true],
  ['SELECT o.* FROM "orders" o', true],
  ['insert into x select id, * from public.orders', true],
  ['update orders set a = $1 returning *', true],
  ['copy orders from stdin', true],
  ['copy "orders" to stdout', true],
  ['select gift from orders o join customers c on true', true],
  ['copy orders (id) from stdin', false],
  ['copy (select id from orders) to stdout', false],
  ['select count(*) from orders', false],
  ['select price * quantity from orders', false],
  ['select * from preorders', false],
  ['select gift from orders', false],
  ['select id from orders', false],
])('a new column of orders, and %s', (statement, minded) => {
  expect(minds({ statements: [statement] }, 'public.orders', 'gift') !== undefined).toBe(minded)
})

test.each([
  ['public.orders', 'orders'],
  ['"we.ird"."ta.b ""le"', 'ta.b "le'],
  ['x', 'x'],
])('the last name of %s', (name, last) => expect(lastName(name)).toBe(last))

test('hostile names are only names', () => {
  expect(minds({ statements: ['select * from t'] }, 'public."(.*"', '[')).toBeUndefined()
})
