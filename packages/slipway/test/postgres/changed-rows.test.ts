import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asWrites, changedRows } from '../../src/postgres/changed-rows.ts'

const table = (fields: object = {}, name = 'public.t') => ({
  kind: 'table',
  name,
  value: JSON.stringify({
    oid: 1,
    inserted: 0,
    updated: 0,
    deleted: 0,
    file: 1,
    bytes: 8192,
    columns: { a: 1 },
    ...fields,
  }),
})
const rows = (count: number, sum: string, columns = 'a', name = 'public.t') => ({
  kind: 'rows',
  name,
  value: JSON.stringify([count, sum, columns]),
})
const sequence = (at: string, step = '1') => ({ kind: 'sequence', name: 'public.s', value: JSON.stringify([at, step]) })
type Row = { kind: string; name: string; value: string }
const changes = (before: Row[], after: Row[]) =>
  changedRows(asWrites(before), asWrites(after)).map(
    change => `${change.breaking ? 'breaking' : 'fine'}: ${change.what}`,
  )

test.each<[string, Row[], Row[], string[]]>([
  ['nothing', [table(), rows(2, '5')], [table(), rows(2, '5')], []],
  [
    'a new column filled',
    [table(), rows(2, '5')],
    [table({ updated: 2, columns: { a: 1, b: 2 } }), rows(2, '5')],
    ['fine: rows of t written (2 updated), what was in them is the same'],
  ],
  [
    'an old column changed',
    [table(), rows(2, '5')],
    [table({ updated: 2 }), rows(2, '6')],
    ['breaking: rows of t changed (2 updated)'],
  ],
  [
    'rows added',
    [table(), rows(2, '5')],
    [table({ inserted: 1 }), rows(3, '6')],
    ['breaking: rows of t changed (1 inserted)'],
  ],
  [
    'emptied',
    [table(), rows(2, '5')],
    [table({ file: 2, bytes: 0 }), rows(0, '0')],
    ['breaking: rows of t changed (emptied)'],
  ],
  ['emptied, too large to sum', [table()], [table({ file: 2, bytes: 0 })], ['breaking: rows of t changed (emptied)']],
  ['rewritten, too large to sum', [table()], [table({ file: 2 })], []],
  ['updated, too large to sum', [table()], [table({ updated: 9 })], ['breaking: rows of t changed (9 updated)']],
  [
    'summed over fewer columns',
    [table(), rows(2, '5', 'a,b')],
    [table({ updated: 1 }), rows(2, '3')],
    ['breaking: rows of t changed (1 updated)'],
  ],
  [
    'changed behind the counters',
    [table(), rows(2, '5')],
    [table(), rows(2, '6')],
    ['breaking: rows of t changed (not by statements on rows)'],
  ],
  ['made anew', [table()], [table({ oid: 2 })], ['breaking: table t made anew']],
  ['a column made anew', [table()], [table({ columns: { a: 2 } })], ['breaking: column t.a made anew']],
  ['a new table', [], [table({ inserted: 5 })], []],
  [
    'a partition',
    [table(), rows(2, '5'), table({ whole: 'public.t' }, 'public.p')],
    [table(), rows(2, '6'), table({ whole: 'public.t', updated: 1 }, 'public.p')],
    ['breaking: rows of t changed (1 updated)'],
  ],
  ['a sequence used', [sequence('5')], [sequence('7'), table({ inserted: 2 })], ['fine: sequence s went on by 2']],
  [
    'a sequence set on',
    [sequence('5')],
    [sequence('8'), table({ inserted: 2 })],
    ['breaking: sequence s set from 5 to 8'],
  ],
  ['a sequence set back', [sequence('5')], [sequence('4')], ['breaking: sequence s set from 5 to 4']],
  [
    'a sequence downwards',
    [sequence('-5', '-1')],
    [sequence('-6', '-1'), table({ inserted: 1 })],
    ['fine: sequence s went on by 1'],
  ],
])('%s', (_, before, after, expected) => expect(changes(before, after)).toEqual(expected))

test('a sequence that is none is passed over', () => {
  expect(changes([sequence('x')], [sequence('1')])).toEqual([])
})

test('rubbish is no crash', () => {
  const row = fc.record({
    kind: fc.constantFrom('table', 'rows', 'sequence'),
    name: fc.string(),
    value: fc.oneof(fc.string(), fc.json()),
  })
  fc.assert(
    fc.property(fc.array(row, { maxLength: 4 }), fc.array(row, { maxLength: 4 }), (before, after) => {
      expect(() => changes(before, after)).not.toThrow()
    }),
  )
})
