import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTraffic, type Traffic } from '../../../traffic/traffic.mjs'
import { QueueApp, type QueueVersion } from '../queue-app.ts'
import { sample } from '../sample.ts'

/** Jobs in PostgreSQL, put there without a pause: none may get lost or be done twice, whatever is deployed. */
let app: QueueApp
let traffic: Traffic

beforeAll(async () => {
  app = await QueueApp.create()
  await app.make({ version: 1 })
  const { record, stderr } = await app.deploy()
  expect(record?.outcome, stderr).toBe('deployed')
  traffic = startTraffic({
    baseUrl: app.baseUrl,
    rate: 15,
    timeoutMs: 60_000,
    writes: { path: '/jobs', share: 0.7, makeBody: id => ({ id, takes: 30 }) },
    reads: [{ path: '/health' }],
  })
})

afterAll(async () => {
  await traffic.stop()
  await app.destroy()
})

interface Case {
  name: string
  release: QueueVersion
  outcome: 'deployed' | 'rolled-back'
  held: boolean
}

const cases: Case[] = [
  {
    name: 'a bad release inside a hold comes back, and its worker did nothing',
    release: { version: 2, schema: 3, bad: 'web' },
    outcome: 'rolled-back',
    held: true,
  },
  {
    name: 'a migration that old code can not live with',
    release: { version: 3, schema: 3 },
    outcome: 'deployed',
    held: true,
  },
  { name: 'code only', release: { version: 4, schema: 3 }, outcome: 'deployed', held: false },
  {
    name: 'a release whose web service never becomes healthy',
    release: { version: 5, schema: 3, bad: 'web' },
    outcome: 'rolled-back',
    held: false,
  },
  {
    name: 'a release whose worker crashes again and again',
    release: { version: 6, schema: 3, bad: 'worker' },
    outcome: 'rolled-back',
    held: false,
  },
  {
    name: 'the same inside a hold',
    release: { version: 7, schema: 5, bad: 'worker' },
    outcome: 'rolled-back',
    held: true,
  },
  {
    name: 'a migration that old code lives with, as the rehearsal shows',
    release: { version: 8, schema: 4, rehearse: 'full' },
    outcome: 'deployed',
    held: false,
  },
  {
    name: 'one that it does not, as the rehearsal shows',
    release: { version: 9, schema: 5, rehearse: 'full' },
    outcome: 'deployed',
    held: true,
  },
]

test.each(sample(1, cases).map(each => [each.name, each] as const))('%s', async (_name, { release, outcome, held }) => {
  await app.make(release)
  const began = Date.now()
  const { record, stderr } = await app.deploy()
  expect(record?.outcome, stderr).toBe(outcome)
  expect(record?.heldMs !== undefined, stderr).toBe(held)
  console.log(`${outcome} in ${record?.seconds} s${held ? `, held ${record?.heldMs} ms` : ''}`)
  await app.sql('select pg_sleep(0.3)')
  const lived = (await app.witness()).filter(line => line.at >= began)
  const version = String(release.version)
  if (outcome === 'rolled-back' && release.bad === 'web' && held)
    expect(lived.filter(line => line.version === version)).toEqual([])
  if (held) expect(overlaps(lived, version)).toEqual([])
  // Somebody works afterwards.
  const last = lived.at(-1)
  expect(last?.version === version).toBe(outcome === 'deployed')
})

test.each(sample(0, ['a code-only release and back']))('%s', async () => {
  await app.make({ version: 10, schema: 5 })
  expect((await app.deploy()).record?.outcome).toBe('deployed')
  const { record, stderr } = await app.rollback()
  expect(record?.outcome, stderr).toBe('deployed')
  await expect.poll(async () => (await app.witness()).at(-1)?.version, { timeout: 5000 }).toBe('9')
})

test('every job was done exactly once, by code that fits the schema it saw', async () => {
  const summary = await traffic.stop()
  expect(summary.firstFailures).toEqual([])
  const { acknowledged, lost } = await traffic.verify('/ids')
  expect(acknowledged).toBeGreaterThan(50)
  expect(lost).toBe(0)
  await expect.poll(() => app.sql('select count(*) from jobs where done_at is null'), { timeout: 30_000 }).toBe('0\n')
  expect(await app.sql('select id, attempts from jobs where attempts <> 1')).toBe('')
  expect(await app.sql('select job, count(*) from executions group by job having count(*) <> 1')).toBe('')
  expect(await app.sql('select count(*) from jobs')).toBe(await app.sql('select count(*) from executions'))
  // An even schema only adds to the one before it: that code lives with it is what a rehearsal shows.
  const unfit = 'seen <> code and not (seen = code + 1 and seen % 2 = 0)'
  expect(await app.sql(`select version, code, seen from executions where ${unfit}`)).toBe('')
  const witnessed = await app.witness()
  const ids = new Set(witnessed.filter(line => line.job !== '-').map(line => line.job))
  expect(witnessed.filter(line => line.what === 'begin')).toHaveLength(ids.size)
  expect(witnessed.filter(line => line.what === 'done')).toHaveLength(ids.size)
  console.log(`${ids.size} jobs, each begun and done once; ${acknowledged} writes acknowledged`)
})

test.each(sample(0, ['a worker that does not listen is killed after its grace period, and that is said']))(
  '%s',
  async () => {
    await app.make({ version: 11, schema: 5, bad: 'deaf', grace: '2s' })
    expect((await app.deploy()).record?.outcome).toBe('deployed')
    await app.sql("insert into jobs (id, text_5) values ('endless', '600000')")
    const begun = async () => (await app.witness()).some(line => line.job === 'endless')
    await expect.poll(begun, { timeout: 5000 }).toBe(true)
    await app.make({ version: 12, schema: 5, bad: 'web' })
    const back = await app.deploy()
    expect(back.record?.outcome, back.stderr).toBe('rolled-back')
    expect(back.stderr).not.toMatch(/killed in the middle/)
    await app.make({ version: 13, schema: 5 })
    const { record, stderr } = await app.deploy()
    expect(record?.outcome, stderr).toBe('deployed')
    expect(stderr).toMatch(/-worker-1 went on for longer than its grace period and was killed/)
    await expect
      .poll(async () => (await app.witness()).filter(line => line.job === 'endless').map(line => line.version), {
        timeout: 5000,
      })
      .toEqual(['11', '13'])
  },
)

/** Workers of other releases that still ran when those of this one had begun. */
function overlaps(lines: readonly { at: number; what: string; version: string }[], version: string): string[] {
  const boot = lines.find(line => line.version === version && line.what === 'boot')
  const end = lines.findLast(line => line.version === version)
  if (boot === undefined || end === undefined) return []
  const others = lines.filter(line => line.version !== version && line.at > boot.at && line.at < end.at)
  return others.map(line => `${line.version} ${line.what} at ${line.at}, ${version} from ${boot.at} to ${end.at}`)
}
