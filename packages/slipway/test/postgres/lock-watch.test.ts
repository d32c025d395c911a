import { expect, test } from 'vitest'
import { cancelQuery, heldLocks } from '../../src/postgres/lock-watch.ts'
import { rewritten, schemaDumpArgv } from '../../src/postgres/rehearsal-copy.ts'

test('of several looks the strongest lock of each table remains, and how long it was seen', () => {
  const lock = (table: string, mode: string) => ({ table, mode, bytes: 10 })
  const looks = [
    { at: 0, locks: [] },
    { at: 100, locks: [lock('public.a', 'ShareLock'), lock('public.b', 'ExclusiveLock')] },
    { at: 1300, locks: [lock('public.a', 'AccessExclusiveLock')] },
    { at: 1600, locks: [lock('public.a', 'ShareLock')] },
  ]
  expect(heldLocks(looks)).toEqual([
    { table: 'public.a', mode: 'AccessExclusiveLock', bytes: 10, seconds: 1.5 },
    { table: 'public.b', mode: 'ExclusiveLock', bytes: 10, seconds: 0 },
  ])
})

test('the guard looks only at this database and these networks, whatever they are called', () => {
  const query = cancelQuery(`it's; drop table x; --`, ['10.1.0.0/16', `'); select 1; --`], 3000)
  expect(query).toContain(`datname = 'it''s; drop table x; --'`)
  expect(query).toContain(`'''); select 1; --'::pg_catalog.inet`)
  expect(query).toContain('secs => 3)')
  expect(cancelQuery('app', [], 3000)).toContain('array[]::pg_catalog.inet[]')
  // Else PostgreSQL may cancel first and look at the conditions afterwards.
  expect(query).toMatch(/as materialized \([^]*\)\nselect pid from waiting where pg_catalog\.pg_cancel_backend\(pid\)$/)
})

test('a table in another file was written anew; one that is new or gone was not', () => {
  const table = (oid: number, file: number) => ({ oid, schema: 's', name: 't', table: `s.t${oid}`, file, bytes: 1 })
  expect(rewritten([table(1, 1), table(2, 2), table(3, 3)], [table(1, 1), table(2, 9), table(4, 4)])).toEqual([
    table(2, 2),
  ])
})

test('names in patterns of pg_dump mean only themselves', () => {
  const argv = schemaDumpArgv('dbname=app', [{ schema: 'pub*', name: 'a"b.c --x' }])
  expect(argv).toContain('--exclude-table-data="pub*"."a""b.c --x"')
})
