import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asState } from '../../src/postgres/catalog.ts'
import { compare } from '../../src/postgres/compare.ts'
import { parseKey } from '../../src/postgres/schema-key.ts'

const state = (catalog: Record<string, unknown>) =>
  asState(Object.entries(catalog).map(([key, value]) => ({ key, value: JSON.stringify(value) })))
const column = (fields: object = {}) => ({
  type: 'text',
  notNull: false,
  default: null,
  generated: null,
  identity: '',
  collation: null,
  ...fields,
})
const changes = (before: Record<string, unknown>, after: Record<string, unknown>) =>
  compare(state(before), state(after)).map(change => `${change.breaking ? 'breaking' : 'fine'}: ${change.what}`)

test('equal states have equal fingerprints, in whatever order the rows come', () => {
  const rows = [
    { key: 'a x', value: '1' },
    { key: 'b y', value: '2' },
  ]
  expect(asState(rows)).toEqual(asState([...rows].reverse()))
  expect(compare(asState(rows), asState(rows))).toEqual([])
})

test('parts of a new or dropped table are no news of their own', () => {
  const table = {
    'table public.t': {},
    'column public.t.a': column({ notNull: true }),
    'constraint public.t.t_pkey': {},
    'index public.t.i': { unique: true },
    'grant table public.t to "a to b"': ['SELECT'],
  }
  expect(changes({}, table)).toEqual(['fine: table t added'])
  expect(changes(table, {})).toEqual(['breaking: table t dropped'])
})

test.each([
  ['nullable', column(), 'fine'],
  ['with a default', column({ notNull: true, default: '0' }), 'fine'],
  ['generated', column({ notNull: true, generated: 'a' }), 'fine'],
  ['identity', column({ notNull: true, identity: 'a' }), 'fine'],
  ['required', column({ notNull: true }), 'breaking'],
])('a new column that is %s', (_, added, verdict) => {
  expect(changes({ 'table public.t': {} }, { 'table public.t': {}, 'column public.t.c': added })).toEqual([
    `${verdict}: column t.c added`,
  ])
})

test.each([
  [
    'constraint public.t.c',
    { valid: false, definition: 'CHECK (a) NOT VALID' },
    { valid: true, definition: 'CHECK (a)' },
    'fine: constraint t.c validated',
  ],
  [
    'constraint public.t.c',
    { valid: false, definition: 'CHECK (a) NOT VALID' },
    { valid: true, definition: 'CHECK (b)' },
    'breaking: constraint t.c changed (definition, valid)',
  ],
  ['index public.t.i', { valid: false, unique: false }, { valid: true, unique: false }, 'fine: index t.i validated'],
  ['enum public.e', { labels: ['a'] }, { labels: ['b', 'a'] }, 'breaking: enum e got b'],
  ['enum public.e', { labels: ['a', 'b'] }, { labels: ['a'] }, 'breaking: enum e lost b'],
  ['column public.t.c', column(), column({ type: 'int' }), 'breaking: column t.c retyped from text to int'],
  ['column public.t.c', column({ default: '1' }), column({ default: '2' }), 'breaking: column t.c got another default'],
  ['grant table public.t to r', ['INSERT', 'SELECT'], ['SELECT'], 'breaking: INSERT revoked: rights on table t to r'],
  [
    'ledger "public"."_prisma_migrations" 1_init 00000000-0000-4000-8000-000000000001',
    'failed',
    'applied',
    'fine: migration 1_init applied',
  ],
  ['sequence public.s', { increment: 1 }, { increment: 2 }, 'breaking: sequence s changed (increment)'],
  ['something public.new', { a: 1 }, { a: 2 }, 'breaking: something new changed (a)'],
])('%s', (key, before, after, expected) => expect(changes({ [key]: before }, { [key]: after })).toEqual([expected]))

test('rights of a dropped role on a table that stays are a loss', () => {
  const table = { 'table public.t': {} }
  expect(changes({ ...table, 'grant table public.t to r': ['SELECT'] }, table)).toEqual([
    'breaking: rights on table t to r revoked',
  ])
})

test.each([
  ['column public.t.a', { kind: 'column', name: 'public.t.a', relation: 'public.t' }],
  ['index "a.b"."c ""d"" e".f', { kind: 'index', name: '"a.b"."c ""d"" e".f', relation: '"a.b"."c ""d"" e"' }],
  ['event trigger x', { kind: 'event trigger', name: 'x' }],
  ['grant column public.t.a to r', { kind: 'grant column', name: 'public.t.a to r', relation: 'public.t' }],
  ['table public.t', { kind: 'table', name: 'public.t' }],
])('the key %s', (key, expected) => expect(parseKey(key)).toEqual(expected))

test('rubbish in a catalog is a difference, never a crash', () => {
  const rubbish = fc.dictionary(fc.string(), fc.string(), { maxKeys: 5 })
  const of = (catalog: Record<string, string>) =>
    asState(Object.entries(catalog).map(([key, value]) => ({ key, value })))
  fc.assert(
    fc.property(rubbish, rubbish, (before, after) => {
      expect(() => compare(of(before), of(after))).not.toThrow()
    }),
  )
})
