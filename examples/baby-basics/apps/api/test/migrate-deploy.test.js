import assert from 'node:assert/strict'
import { test } from 'node:test'
import { migrate, ownDatabase, query } from './support/database.js'

const later = '99990101000000_later'
const ledger = url => query(url, 'SELECT * FROM _prisma_migrations ORDER BY started_at')

async function columns(url) {
  const rows = await query(url, "SELECT column_name FROM information_schema.columns WHERE table_name = 'feedings'")
  return rows.map(row => row.column_name)
}

test('applies what is pending, and nothing the second time', async t => {
  const url = await ownDatabase(t)
  assert.equal((await migrate(t, url)).code, 0)
  const again = await migrate(t, url)
  assert.equal(again.code, 0)
  assert.match(again.output, /No pending migrations/)
  for (const row of await ledger(url)) {
    assert.ok(row.finished_at)
    assert.match(row.checksum, /^[0-9a-f]{64}$/)
    assert.equal(row.applied_steps_count, 1)
  }
})

test('a function body with semicolons is one statement', async t => {
  const url = await ownDatabase(t)
  const sql = 'CREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;'
  assert.equal((await migrate(t, url, { [later]: sql })).code, 0)
  assert.deepEqual(await query(url, 'SELECT one()'), [{ one: 1 }])
})

for (const [title, sql] of [
  ['a failing script changes nothing', 'ALTER TABLE feedings DROP COLUMN amount_ml; SELECT 1 / 0;'],
  [
    'nor does one that fails inside its own transaction',
    'BEGIN; ALTER TABLE feedings DROP COLUMN amount_ml; SELECT 1 / 0; COMMIT;',
  ],
  ['nor does one that never commits, though it reports no error', 'BEGIN; ALTER TABLE feedings DROP COLUMN amount_ml;'],
]) {
  test(title, async t => {
    const url = await ownDatabase(t)
    const { code, output } = await migrate(t, url, { [later]: sql })
    assert.equal(code, 1, output)
    assert.match(output, /division by zero|Not applied/)
    assert.ok((await columns(url)).includes('amount_ml'))
    assert.equal((await ledger(url)).at(-1).finished_at, null)
  })
}

test('a script that commits on its way fails half way, and blocks the next run until it is resolved', async t => {
  const url = await ownDatabase(t)
  const broken = { [later]: 'BEGIN; ALTER TABLE feedings DROP COLUMN amount_ml; COMMIT; SELECT 1 / 0;' }
  const { code, output } = await migrate(t, url, broken)
  assert.equal(code, 1)
  assert.match(output, /division by zero/)
  assert.ok(!(await columns(url)).includes('amount_ml'))

  const mended = { [later]: 'SELECT 1;' }
  const blocked = await migrate(t, url, mended)
  assert.equal(blocked.code, 1)
  assert.match(blocked.output, new RegExp(`P3009.*${later}`, 's'))

  await query(url, `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '${later}'`)
  const resolved = await migrate(t, url, mended)
  assert.equal(resolved.code, 0, resolved.output)
})

test('a migration edited after it was applied is only warned about, as Prisma does', async t => {
  const url = await ownDatabase(t)
  assert.equal((await migrate(t, url, { [later]: 'SELECT 1;' })).code, 0)
  const edited = await migrate(t, url, { [later]: 'SELECT 2;' })
  assert.equal(edited.code, 0)
  assert.match(edited.output, new RegExp(`${later} was edited`))
})

test('a database that cannot be reached is an error', async t => {
  const { code, output } = await migrate(t, 'postgresql://baby:password@127.0.0.1:1/baby_basics')
  assert.equal(code, 1)
  assert.match(output, /Can't reach database server/)
})
