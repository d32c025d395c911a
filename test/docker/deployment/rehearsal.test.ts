import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startTraffic, type Traffic } from '../../../traffic/traffic.mjs'
import { docker, lines, Project } from '../project.ts'
import { sample, thorough } from '../sample.ts'

const cli = resolve(import.meta.dirname, '../../../packages/slipway/dist/slipway.js')
let project: Project
let traffic: Traffic

/** Its database is set up as no other app's here is. */
const place = 'Etc/GMT-7'

async function write(name: string): Promise<void> {
  await project.release(name)
  const file = join(project.directory, 'infra/docker-compose.yml')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace(/^( *)(POSTGRES_DB: .*)$/m, `$1$2\n$1TZ: ${place}`))
}

beforeAll(async () => {
  project = await Project.create({ extra: 'rehearse: { smoke: [/api/v1/feedings] }' })
  await write('v1')
  const { record, stderr } = await project.deploy()
  expect(record?.outcome, stderr).toBe('deployed')
  traffic = startTraffic({
    baseUrl: project.baseUrl,
    rate: 15,
    timeoutMs: 60_000,
    writes: { path: '/api/v1/feedings', share: 0.5, makeBody: id => ({ id, babyName: 'Ada', amountMl: 90 }) },
    // Not its health: that gives up on a database after a second, and others work on this machine meanwhile.
    reads: [{ path: '/api/v1/feedings' }],
  })
})

afterAll(async () => {
  await traffic.stop()
  await project.destroy()
})

/** The stage is empty, and nobody waited or failed. */
afterEach(async () => {
  const onStage = `label=slipway.project=${project.project}_rehearsal`
  expect(lines(await docker('ps', '-aq', '--filter', onStage))).toEqual([])
  expect(lines(await docker('network', 'ls', '-q', '--filter', onStage))).toEqual([])
  expect(lines(await docker('volume', 'ls', '-q', '--filter', `name=${project.project}_rehearsal`))).toEqual([])
  // Nor does a second name of a backup keep room on the disk.
  expect(await readdir(join(project.home, 'apps', project.project))).not.toContain('rehearsal')
  expect(traffic.summary().firstFailures).toEqual([])
})

const refused = [
  { release: 'migration-lies', shows: /was not applied/ },
  { release: 'migration-fails-half-way', shows: /exited with code/ },
  { release: 'v3', shows: /does not become healthy|503/ },
]

test.each(sample(1, refused))(
  '$release ends before production is touched, and no request waits',
  async ({ release, shows }) => {
    const sql =
      "select string_agg(column_name, ' ' order by 1) from information_schema.columns where table_name = 'feedings'"
    const before = await project.sql(sql)
    await write(release)
    const { record, exitCode, stderr } = await project.deploy()
    expect({ exitCode, ...record }, stderr).toMatchObject({
      exitCode: 1,
      outcome: 'failed',
      failure: { code: 'REHEARSAL_FAILED', step: 'rehearse' },
    })
    expect(record?.heldMs).toBeUndefined()
    expect(stderr).toMatch(shows)
    expect(await project.sql(sql)).toBe(before)
    expect(await project.version()).toBe('0.1.0')
  },
)

test.runIf(thorough)('on a copy without rows, too', async () => {
  await write('migration-fails-half-way')
  await project.configure(text => text.replace(/^rehearse: .*/m, 'rehearse: schema'))
  const { record, stderr } = await project.deploy()
  expect(record, stderr).toMatchObject({ outcome: 'failed', failure: { code: 'REHEARSAL_FAILED' } })
})

test('killed in the middle of it: the next command removes the copy, and nothing else has happened', async () => {
  await write('v2')
  const runner = spawn(process.execPath, [cli, 'deploy', 'prod'], {
    ...project.options(),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  runner.stderr.on('data', chunk => (said += String(chunk)))
  await expect.poll(() => said, { timeout: 60_000 }).toMatch(/rehearse +started/)
  runner.kill('SIGKILL')
  await once(runner, 'close')
  await expect
    .poll(async () => (await project.slipway('status', 'prod')).exitCode, { timeout: 30_000, interval: 500 })
    .toBe(0)
  expect(await project.version()).toBe('0.1.0')
  expect(await project.journal()).toMatch(/"type":"deployment-finished".*"rolled-back"/)
})

test.runIf(thorough)(
  'plan --rehearse tells how it would run, and touches nothing; later plans remember that',
  async () => {
    await write('v2')
    const before = await project.plan()
    expect(before).toMatchObject({ exitCode: 6, result: { rehearsal: { of: expect.any(String) } } })
    expect(before.result.rehearsal.report).toBeUndefined()
    const rehearsed = await project.plan('--rehearse')
    expect(rehearsed, rehearsed.stderr).toMatchObject({
      exitCode: 6,
      result: { rehearsal: { report: { row: 'online', mode: 'full' } }, database: { bytes: expect.any(Number) } },
    })
    expect(await project.version()).toBe('0.1.0')
    expect(await readdir(join(project.home, 'apps', project.project, 'releases'))).not.toContain('r2')
    const { result } = await project.plan()
    expect(result.rehearsal).toEqual(rehearsed.result.rehearsal)
    expect(result.database?.rehearsalSeconds).toBeGreaterThan(1)
    await write('v3')
    expect((await project.plan()).result.rehearsal.report).toBeUndefined()
  },
)

test.runIf(thorough)(
  'the database of a copy begins set up, and rubbish in place of that only takes longer',
  async () => {
    await write('v2')
    const [ready = ''] = await readyImages()
    expect(ready).toMatch(/^slipway\/ready_database:/)
    const begun = new Set<string>()
    const rehearsed = project.plan('--rehearse')
    const images = ['ps', '--filter', `label=slipway.project=${project.project}_rehearsal`, '--format', '{{.Image}}']
    const look = async () => {
      for (const image of lines(await docker(...images))) begun.add(image)
      return [...begun]
    }
    await expect.poll(look, { timeout: 60_000, interval: 100 }).toContain(ready)
    expect((await rehearsed).result.rehearsal.report).toMatchObject({ row: 'online' })

    await docker('tag', 'redis:7-alpine', ready)
    const again = await project.plan('--rehearse')
    expect(again.result.rehearsal.report, again.stderr).toMatchObject({ row: 'online', mode: 'full' })
    // It was thrown away, and nothing of the kind is tried again for this app.
    expect(await readyImages()).toEqual([])
    expect(await readdir(join(project.home, 'apps', project.project))).toContain('copies-begin-slowly')
  },
)

/** Of this app's, by the place on earth that its database takes itself to be in. */
async function readyImages(): Promise<string[]> {
  const names = lines(await docker('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', 'slipway/ready_database'))
  const own = await Promise.all(
    names.map(async name => (await docker('image', 'inspect', '--format', '{{.Config.Env}}', name)).includes(place)),
  )
  return names.filter((_name, index) => own[index])
}

test.runIf(thorough)('plan --rehearse killed in the middle of it: its guardian removes the copy', async () => {
  await write('v2')
  const planning = spawn(process.execPath, [cli, 'plan', 'prod', '--rehearse'], {
    ...project.options(),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  planning.stderr.on('data', chunk => (said += String(chunk)))
  await expect.poll(() => said, { timeout: 60_000 }).toMatch(/copying the database/)
  planning.kill('SIGKILL')
  await once(planning, 'close')
  await expect
    .poll(() => readdir(join(project.home, 'apps', project.project)), { timeout: 30_000, interval: 300 })
    .not.toContain('rehearsal')
  expect((await project.slipway('status', 'prod')).exitCode).toBe(0)
})

test('the old release lives with it: online, although a table is locked for long', async () => {
  await write('v2')
  const locking = 'begin; lock table feedings in access share mode; select pg_sleep(120); commit;'
  const locked = project.sql(locking).catch(() => '')
  const onStage = watchStage()
  const deployed = project.deploy()
  await expect.poll(() => project.journal(), { timeout: 120_000, interval: 300 }).toMatch(/gave way and tries again/)
  await project.sql("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'")
  const { record, stderr } = await deployed
  await locked
  expect(record, stderr).toMatchObject({ outcome: 'deployed', migration: { changed: true } })
  expect(record?.heldMs).toBeUndefined()
  expect(stderr).toMatch(/r1 lives with it: no hold/)
  expect(stderr).toMatch(/gave way and tries again/)
  expect(await project.version()).toBe('0.2.0')
  // The copy has read the backup from the disk, and Docker has not looked after its health.
  const ran = onStage.end()
  expect(ran).toMatch(/(psql|pg_restore) .*\/slipway-dump\//)
  expect(ran).not.toMatch(/pg_isready/)
  // Whoever waits behind the migration waits no longer than it may wait itself.
  expect(traffic.summary().latencyMs.max).toBeLessThan(6000)
})

/** What Docker is asked to run in the containers of copies, from now on. */
function watchStage(): { end(): string } {
  const onStage = ['--filter', `label=slipway.project=${project.project}_rehearsal`, '--filter', 'event=exec_create']
  const events = spawn('docker', ['events', ...onStage, '--format', '{{.Action}}'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let ran = ''
  events.stdout.on('data', chunk => (ran += String(chunk)))
  return {
    end() {
      events.kill()
      return ran
    },
  }
}

test('through all of it no request failed and no acknowledged write was lost', async () => {
  const summary = await traffic.stop()
  expect(summary.firstFailures).toEqual([])
  const { acknowledged, lost } = await traffic.verify({ path: '/api/v1/feedings/ids' })
  expect(acknowledged).toBeGreaterThan(100)
  expect(lost).toBe(0)
})
