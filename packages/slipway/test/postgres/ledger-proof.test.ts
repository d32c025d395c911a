import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { missingFromLedgers } from '../../src/postgres/ledger-proof.ts'

const file = (path: string, content = '') => ({ path, content })
const ledger = (table: string, ...lines: string[]) => ({
  [`table public.${table}`]: '{}',
  ...Object.fromEntries(lines.map(line => [`ledger "public"."${table}" ${line}`, '"applied"'])),
})
const hash = createHash('sha256').update('select 1').digest('hex')
const drizzle = [
  file('meta/_journal.json', JSON.stringify({ entries: [{ tag: '0001_a' }] })),
  file('0001_a.sql', 'select 1'),
]

test.each([
  ['prisma', ledger('_prisma_migrations', '1_a 0-0'), [file('1_a/migration.sql'), file('2_b/migration.sql')], ['2_b']],
  ['prisma without a ledger', {}, [file('1_a/migration.sql')], ['1_a']],
  ['drizzle', ledger('__drizzle_migrations', hash), drizzle, []],
  ['drizzle that passed one over', ledger('__drizzle_migrations', 'other'), drizzle, ['0001_a']],
  ['node-pg-migrate', ledger('pgmigrations', '1_a'), [file('1_a.sql'), file('2_b.js')], ['2_b']],
  [
    'knex',
    ledger('knex_migrations', '1_a.js'),
    [file('1_a.js'), file('2_b.mjs'), file('.gitkeep'), file('x.d.ts')],
    ['2_b.mjs'],
  ],
  ['nobody known', {}, [file('1_a.sql')], []],
])('%s', (_, catalog, files, missing) => expect(missingFromLedgers(catalog, files)).toEqual(missing))

test('a failed line is no applied one, and rubbish in a journal is none', () => {
  const catalog = { ...ledger('_prisma_migrations'), 'ledger "public"."_prisma_migrations" 1_a 0': '"failed"' }
  expect(missingFromLedgers(catalog, [file('1_a/migration.sql')])).toEqual(['1_a'])
  for (const journal of ['', '{', '[]', '{"entries": 1}', '{"entries": [null, 1, {}]}'])
    expect(missingFromLedgers({}, [file('meta/_journal.json', journal)])).toEqual([])
})
