// A deployment with a database of a certain size: backup, rehearsal on a copy, migration.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createProject } from '../demo/project.mjs'
import { run } from '../lab/process.mjs'
import { bootSeconds, expectOutcome } from './slipway.mjs'

/** With rows, and with the schema alone. onEnd(cleanUp): is called with what removes everything again. */
export async function measureDatabase({ megabytes, log, onEnd }) {
  // As by default, the old release is put away a while after the deployment: here, before the next one.
  const warmSeconds = 5
  const project = await createProject('bench', { healthDeadline: '30s', format: 'custom', warm: `${warmSeconds}s` })
  onEnd(() => project.remove())
  const deploy = async () => expectOutcome(await project.json(['deploy']), 'deployed')

  log(`Slipway: first deployment, and ${megabytes} MB of data`)
  project.write('v2')
  await deploy()
  const bytes = await fill(project, megabytes)

  log('Slipway: a release with a migration, rehearsed on a copy of all data')
  const full = await timed(() => deployMigration(project, deploy, 'full', 1))
  await pause((warmSeconds + 3) * 1000)
  log('Slipway: a release with a migration, rehearsed on a copy of the schema')
  const schema = await timed(() => deployMigration(project, deploy, 'schema', 2))
  const boot = await bootSeconds(project, schema.result.release)
  return { bytes, full, schema, boot }
}

/** Adds a column to the big table and an index to a small one: old code lives with both. */
function deployMigration(project, deploy, mode, number) {
  project.write(number % 2 === 1 ? 'code-only' : 'v2', {
    ...(number % 2 === 1 ? { over: 'v2' } : {}),
    rehearse: `{ mode: ${mode}, smoke: [/api/v1/feedings] }`,
  })
  for (let index = 1; index <= number; index += 1) {
    const folder = join(project.directory, 'apps/api/prisma/migrations', `2026030200000${index}_bench`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'migration.sql'), `ALTER TABLE "journal" ADD COLUMN "bench_${index}" text;\n`)
  }
  return deploy()
}

async function timed(act) {
  const began = performance.now()
  const result = await act()
  return { result, seconds: (performance.now() - began) / 1000 }
}

/** Sentences of random words, numbers, times and JSON, with the indexes that such tables have. Returns the bytes. */
async function fill(project, megabytes) {
  const psql = statement => {
    const argv = ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-U', 'baby', '-d', 'baby_basics']
    return run('docker', ['exec', `${project.name}-db-1`, ...argv, '-c', statement])
  }
  const size = async () => Number(await psql('select pg_database_size(current_database())'))
  await psql(tables)
  const wanted = megabytes * 1_000_000
  let rows = 50_000
  for (let bytes = await size(); bytes < wanted; bytes = await size()) {
    await psql(journalRows(rows))
    const grown = (await size()) - bytes
    rows = Math.max(1000, Math.min(100_000, Math.ceil(((wanted - bytes - grown) / grown) * rows)))
  }
  await psql('vacuum analyze')
  return size()
}

const tables = `
create table author (id int primary key, name text not null, mail text not null unique);
insert into author select i, 'author ' || md5(i::text), md5(i::text) || '@example.com' from generate_series(1, 5000) i;
create table journal (id bigserial primary key, author_id int not null references author (id), written_at timestamptz not null,
  amount numeric(10, 2) not null, entry text not null, details jsonb not null);
create index on journal (author_id);
create index on journal (written_at)`

const journalRows = rows => `
insert into journal (author_id, written_at, amount, entry, details)
select 1 + (random() * 4999)::int, now() - random() * interval '900 days', (random() * 9999)::numeric(10, 2),
  (select string_agg(substr(md5((i * 31 + w)::text || random()::text), 1, 3 + (random() * 6)::int), ' ') from generate_series(1, 30) w),
  jsonb_build_object('mood', md5(random()::text), 'steps', (random() * 20000)::int, 'tags', jsonb_build_array(md5(i::text), i % 97))
from generate_series(1, ${rows}) i`
