import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from 'node:net'
import { docker, openLab, sleep, until, type Lab } from './lab.ts'
import { thorough } from '../sample.ts'

const name = 'we"ird; drop-- ü'
let lab: Lab

beforeAll(async () => {
  lab = await openLab({ name })
  await lab.sql(
    name,
    'create table writes(id bigserial primary key, who text, at timestamptz default clock_timestamp())',
  )
})
afterAll(() => lab.remove())

test('keeps everybody out but the allowed network, ends their sessions, and lets them in again', async () => {
  const database = lab.database(name)
  const stranger = await lab.writer('outside', name)
  const release = await lab.writer('inside', name)
  await until('both write', () => stranger.acknowledged() > 20 && release.acknowledged() > 20)

  await database.fence([lab.inside.subnet])
  const atFence = await lab.sql(name, 'select count(*) from writes')
  const strangers = Number(await lab.sql(name, foreignSessions()))
  const acknowledgedAtFence = stranger.acknowledged()
  const releaseAtFence = release.acknowledged()
  await sleep(1500)

  expect(strangers).toBe(0)
  expect(stranger.acknowledged() - acknowledgedAtFence).toBeLessThanOrEqual(5)
  expect(release.acknowledged()).toBeGreaterThan(releaseAtFence + 10)
  expect(stranger.refusals().join('\n')).toContain('pg_hba.conf rejects connection')
  expect(Number(atFence)).toBeGreaterThan(40)

  const refusedStill = stranger.acknowledged()
  await sleep(500)
  expect(stranger.acknowledged()).toBe(refusedStill)
  await database.liftFence()
  await until('the stranger writes again', () => stranger.acknowledged() > refusedStill + 20)
  await Promise.all([stranger.stop(), release.stop()])
})

test('no row of a stranger arrives after the fence stands, and every acknowledged one is there', async () => {
  const database = lab.database(name)
  await lab.sql(name, 'truncate writes')
  const strangers = await Promise.all([1, 2, 3].map(() => lab.writer('outside', name)))
  await until('the strangers write', () => strangers.every(writer => writer.acknowledged() > 5))
  for (let round = 0; round < 3; round++) {
    await database.fence([lab.inside.subnet])
    const before = Number(await lab.sql(name, 'select count(*) from writes'))
    await sleep(700)
    expect(Number(await lab.sql(name, 'select count(*) from writes'))).toBe(before)
    expect(strangers.reduce((sum, writer) => sum + writer.acknowledged(), 0)).toBeLessThanOrEqual(before)
    await database.liftFence()
    const seen = strangers.map(writer => writer.acknowledged())
    await until('they write again', () =>
      strangers.every((writer, index) => writer.acknowledged() > (seen[index] ?? 0)),
    )
  }
  await Promise.all(strangers.map(writer => writer.stop()))
})

test('a fence that was prepared is quick and right, also when the rules were changed since', async () => {
  const database = lab.database(name)
  const folder = '/var/lib/postgresql/data'
  const file = `${folder}/pg_hba.conf`
  const look = () => docker('exec', lab.container, 'stat', '-c', '%i %a %u:%g', file)
  const read = () => docker('exec', lab.container, 'cat', file)
  const before = [await look(), await read()]
  await database.prepareFence([lab.inside.subnet])
  expect([await look(), await read()]).toEqual(before)
  const began = performance.now()
  await database.fence([lab.inside.subnet])
  console.log(`fenced in ${Math.round(performance.now() - began)} ms`)
  expect(await read()).toMatch(/reject$/m)
  expect(await look()).toMatch(before[0]?.replace(/^\d+/, '') ?? '')
  await database.liftFence()
  expect([await look(), await read()]).toEqual(before)
  expect(await docker('exec', lab.container, 'ls', folder)).not.toContain('.slipway')

  await database.prepareFence([])
  await docker('exec', lab.container, 'sh', '-c', `echo '# a person was here' >> ${file}`)
  await database.fence([lab.inside.subnet])
  expect(await read()).toMatch(/reject[\s\S]*# a person was here$/)
  await docker('exec', lab.container, 'sh', '-c', `echo '# and again' >> ${file}`)
  await database.liftFence()
  expect(await read()).toBe(`${before[1]}\n# a person was here\n# and again`)
  await docker('exec', lab.container, 'sed', '-i', '/^# a person was here$/d;/^# and again$/d', file)
})

test.runIf(thorough)('each statement has a session of its own, and none stays on the live database', async () => {
  const { runBeside, queryLive } = await import('../../../packages/slipway/src/postgres/databases.ts')
  const { object, number } = await import('zod')
  const live = { server: { ...lab.server }, name, now: () => new Date() }
  const sessions = `select count(*) from pg_stat_activity where application_name = 'slipway' and datname = current_database()`
  await until('those of earlier tests have gone', async () => (await lab.sql('postgres', sessions)) === '0')
  const pids = [await runBeside(live, 'select pg_backend_pid();'), await runBeside(live, 'select pg_backend_pid();')]
  await queryLive(live, 'select pg_backend_pid() as pid', object({ pid: number() }))
  expect(new Set(pids).size).toBe(2)
  await until('nobody is left', async () => (await lab.sql(name, sessions)) === '0', 1000)
  expect(await lab.sql('postgres', sessions)).toBe('1')
  await until('the one that waits has gone', async () => (await lab.sql('postgres', sessions)) === '0', 9000)

  await runBeside(live, 'begin; set search_path = pg_temp; set statement_timeout = 1;')
  expect(await runBeside(live, 'show statement_timeout; select pg_catalog.txid_current_if_assigned() is null;')).toBe(
    '1min\nt\n',
  )
  await lab.sql('postgres', `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'slipway'`)
  expect(await runBeside(live, 'select 1;')).toBe('1\n')
  await expect(runBeside(live, 'select 1 from nowhere;')).rejects.toMatchObject({
    code: 'DATABASE_FAILED',
    why: expect.stringContaining('nowhere') as string,
  })
  const slow = runBeside(live, 'select pg_sleep(30);', { timeoutMs: 500 })
  await expect(slow).rejects.toMatchObject({ why: expect.stringContaining('statement timeout') as string })
  await docker('restart', '-t', '1', lab.container)
  await lab.waitUntilReady()
  expect(await runBeside(live, 'select 1;')).toBe('1\n')
})

test('a login that was under way when the fence came does not slip in', async () => {
  const database = lab.database(name)
  const address = await docker(
    'inspect',
    '-f',
    `{{(index .NetworkSettings.Networks "${lab.outside.name}").IPAddress}}`,
    lab.container,
  )
  const silent = connect(5432, address)
  const halfway = connect(5432, address)
  await Promise.all([silent, halfway].map(socket => new Promise(resolve => socket.once('connect', resolve))))
  halfway.write(startupPacket('app', name))
  await new Promise(resolve => halfway.once('data', resolve))
  const ended = Promise.all(
    [silent, halfway].map(
      socket =>
        new Promise(resolve =>
          socket
            .on('error', () => undefined)
            .resume()
            .once('close', resolve),
        ),
    ),
  )

  await database.fence([lab.inside.subnet])
  expect(await Promise.race([ended.then(() => 'ended'), sleep(5000)])).toBe('ended')
  await database.liftFence()
})

test('survives a restart of PostgreSQL and is lifted by whoever comes next', async () => {
  await lab.database(name).fence([lab.inside.subnet])
  await docker('restart', '-t', '1', lab.container)
  await lab.waitUntilReady()
  const stranger = await lab.writer('outside', name)
  await until('the stranger is refused', () => stranger.refusals().some(line => line.includes('rejects')))
  expect(stranger.acknowledged()).toBe(0)

  await lab.database(name).liftFence()
  await lab.database(name).liftFence()
  await until('the stranger writes', () => stranger.acknowledged() > 10)
  await stranger.stop()
})

test.runIf(thorough)('a fence on one database leaves the others of the server alone', async () => {
  await lab.sql(name, 'create database other')
  await lab.sql('other', 'create table writes(id bigserial primary key, who text)')
  await lab.database(name).fence([])
  const neighbour = await lab.writer('outside', 'other')
  await until('the neighbour writes', () => neighbour.acknowledged() > 10)
  await lab.database('other').fence([])
  const rules = await docker('exec', lab.container, 'cat', '/var/lib/postgresql/data/pg_hba.conf')
  expect(rules.match(/reject$/gm)).toHaveLength(4)
  await lab.database(name).liftFence()
  await until('the neighbour is refused', () => neighbour.refusals().some(line => line.includes('rejects')))
  await lab.database('other').liftFence()
  await neighbour.stop()
  expect(await docker('exec', lab.container, 'cat', '/var/lib/postgresql/data/pg_hba.conf')).not.toMatch(/reject$/m)
})

test.runIf(thorough)('PostgreSQL killed at any moment of fencing leaves a state that the next call mends', async () => {
  const before = await docker('exec', lab.container, 'cat', '/var/lib/postgresql/data/pg_hba.conf')
  for (const delay of [40, 200, 400, 650]) {
    const fencing = lab
      .database(name)
      .fence([lab.inside.subnet])
      .then(
        () => 'fenced',
        () => 'failed',
      )
    await sleep(delay)
    await docker('kill', '-s', 'KILL', lab.container)
    await fencing
    await docker('start', lab.container)
    await lab.waitUntilReady()
    await lab.database(name).fence([lab.inside.subnet])
    await lab.database(name).liftFence()
    expect(await docker('exec', lab.container, 'cat', '/var/lib/postgresql/data/pg_hba.conf')).toBe(before)
  }
})

test('proves the login over the network and tells a wrong password', async () => {
  await expect(lab.database(name).proveLogin()).resolves.toBeUndefined()
  const { postgresDatabase } = await import('../../../packages/slipway/src/postgres/database.ts')
  const wrong = postgresDatabase({ ...lab.server, password: 'wrong-one', name })
  await expect(wrong.proveLogin()).rejects.toMatchObject({
    code: 'DATABASE_UNREACHABLE',
    why: expect.stringContaining('password authentication failed') as string,
  })
  await expect(wrong.proveLogin()).rejects.not.toMatchObject({ why: expect.stringContaining('wrong-one') as string })
})

function foreignSessions(): string {
  return `select count(*) from pg_stat_activity where datname is not null and client_addr is not null and not client_addr <<= '${lab.inside.subnet}'`
}

/** The first message of PostgreSQL's protocol, version 3. */
function startupPacket(user: string, database: string): Buffer {
  const body = Buffer.concat([Buffer.from([0, 3, 0, 0]), Buffer.from(`user\0${user}\0database\0${database}\0\0`)])
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return Buffer.concat([length, body])
}
