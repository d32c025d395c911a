import { expect, test } from 'vitest'
import { largestSummedBytes, writesSql } from '../../src/postgres/rehearsal-writes.ts'

const table = { table: 'public.t', columns: ['a', '"B c"'], bytes: 10 }

test('a table is summed over the columns it had before', () => {
  const now = { ...table, columns: ['a', '"B c"', 'new'] }
  expect(writesSql([now], [table]).join()).toContain('row(t.a, t."B c")')
  expect(writesSql([now]).join()).toContain('row(t.a, t."B c", t.new)')
})

test('what is new, has none of its columns, or is too large is not summed', () => {
  const unsummed = writesSql([])
  expect(writesSql([table], [])).toEqual(unsummed)
  expect(writesSql([table], [{ ...table, columns: ['x'] }])).toEqual(unsummed)
  expect(writesSql([{ ...table, bytes: largestSummedBytes + 1 }], [table])).toEqual(unsummed)
})

test('a name with a quote stays a name', () => {
  expect(writesSql([{ ...table, table: `public."o'clock"` }]).join()).toContain(`'public."o''clock"'`)
})
