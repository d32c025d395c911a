import { expect, test } from 'vitest'
import { disagreement } from '../../src/postgres/ledger.ts'
import { ledgerPart } from '../../src/postgres/migrator-ledgers.ts'

const row = (name: string, finished = true, rolledBack = false) => ({ name, finished, rolledBack })

test('all applied, older ones that left the folder do no harm', () => {
  expect(disagreement(['1', '2'], [row('0'), row('1'), row('2')])).toBeUndefined()
})

test('a failed one that was rolled back and done again is done', () => {
  expect(disagreement(['1'], [row('1', false, true), row('1')])).toBeUndefined()
})

test('says which are missing and which failed', () => {
  expect(disagreement(['1', '2', '3'], [row('1'), row('2', false), row('3', true, true)])).toBe(
    '2 failed half way, 3 was not applied (by the ledger _prisma_migrations)',
  )
  expect(disagreement(['1', '2', '3', '4', '5', '6', '7'], [])).toContain('and 2 more')
})

test('a ledger is known by its columns too', () => {
  expect(ledgerPart({ schema: 'public', table: 'schema_migrations', columns: ['version', 'dirty'] })).toContain(
    'l.dirty',
  )
  expect(ledgerPart({ schema: 'public', table: 'schema_migrations', columns: ['version'] })).not.toContain('l.dirty')
  expect(ledgerPart({ schema: 'public', table: 'schema_migrations', columns: ['x'] })).toBeUndefined()
  expect(ledgerPart({ schema: `s"'`, table: 'pgmigrations', columns: ['name'] })).toContain(
    `'ledger "s""''"."pgmigrations" '`,
  )
})
