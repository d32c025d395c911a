import { readFile, writeFile } from 'node:fs/promises'
import { mkdtemp } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTraffic, type Traffic } from '../../../traffic/traffic.mjs'
import { materialise } from '../../apps/parcels/releases/apply.mjs'
import { docker, freePort, lines, Project } from '../project.ts'
import { sample, thorough } from '../sample.ts'

/** An app of another shape: two web services behind two host names, one of them twice, a worker, Redis, plain SQL. */
class Parcels extends Project {
  override async release(name: string): Promise<void> {
    materialise(this.directory, name, { port: this.port })
    const file = join(this.directory, 'slipway.yaml')
    const text = await readFile(file, 'utf8')
    await writeFile(
      file,
      text
        .replace(/^app: .*/m, `app: ${this.app}`)
        .replace('deadline: 20s', 'deadline: 10s')
        .replace(/^ {2}test:\n.*/m, '  prod: { watch: off, warm: off }'),
    )
  }
}

const shop = 'shop.parcels.test'
const desk = 'desk.parcels.test'
let project: Parcels
let traffic: Traffic | undefined

beforeAll(async () => {
  project = new Parcels(await mkdtemp(join(tmpdir(), 'slipway-')), await freePort(), {})
  await project.release('v1')
  const { record, stderr } = await project.deploy()
  expect(record?.outcome, stderr).toBe('deployed')
  traffic = startTraffic({
    baseUrl: project.baseUrl,
    rate: 20,
    timeoutMs: 60_000,
    writes: { path: '/parcels', host: shop, share: 0.3, makeBody: id => ({ id, contents: 'books' }) },
    reads: [
      { path: '/', host: shop },
      { path: '/', host: desk },
    ],
  })
})

afterAll(async () => {
  await traffic?.stop()
  await project.destroy()
})

test('each host name reaches its service, both replicas run, an unknown host reaches none', async () => {
  expect(await ask(shop, '/')).toMatchObject({ status: 200, body: { service: 'shop', version: '1.0.0' } })
  expect(await ask(desk, '/')).toMatchObject({ status: 200, body: { service: 'desk' } })
  expect((await ask('other.test', '/')).status).toBeGreaterThanOrEqual(400)
  const { containers } = await project.leftovers()
  expect(containers.filter(name => name.includes('-shop-'))).toHaveLength(2)
})

test.runIf(thorough)('a migration that adds: both web services and the worker come over together', async () => {
  expect(await weightColumns()).toBe('0\n')
  await project.release('v2')
  const { record, stderr } = await project.deploy()
  expect(await weightColumns()).toBe('1\n')
  expect(record, stderr).toMatchObject({ outcome: 'deployed', migration: { changed: true } })
  const [one, two] = [await ask(shop, '/'), await ask(desk, '/')]
  expect(one.body).toMatchObject({ version: '2.0.0' })
  expect(two.body).toMatchObject({ version: '2.0.0' })
})

test.each(sample(0, ['bad-worker', 'bad-desk']))('%s: one bad service keeps all of them old', async release => {
  await project.release(release)
  const { record, stderr } = await project.deploy()
  expect(record, stderr).toMatchObject({ outcome: 'rolled-back', failure: { code: 'GATE_FAILED' } })
  expect(stderr).toMatch(release === 'bad-worker' ? /worker/ : /desk/)
  expect((await ask(shop, '/')).body).toMatchObject({ version: '2.0.0' })
  expect((await ask(desk, '/')).body).toMatchObject({ version: '2.0.0' })
  const { containers } = await project.leftovers()
  expect(containers.filter(name => name.includes('-worker-'))).toHaveLength(1)
})

test.runIf(thorough)(
  'a migration with which it can not live holds, and the worker and both web services come over together',
  async () => {
    await project.release('v3')
    const { record, stderr } = await project.deploy()
    expect(record, stderr).toMatchObject({ outcome: 'deployed', migration: { changed: true } })
    expect(record?.heldMs).toBeGreaterThan(0)
    expect(stderr).toMatch(/can not live with it/)
    for (const host of [shop, desk]) expect((await ask(host, '/')).body).toMatchObject({ version: '3.0.0' })
  },
)

test('status and logs tell of every service', async () => {
  const { stdout } = await project.slipway('status', 'prod')
  for (const service of ['shop', 'desk', 'worker', 'redis', 'db']) expect(stdout).toContain(service)
  const logs = await project.slipway('logs', 'prod', 'worker', '--lines', '5')
  expect(logs.stdout).toContain(`worker ${thorough ? 3 : 1}.0.0 works`)
})

test('nothing failed, no write was lost, and every parcel was sent once', async () => {
  if (traffic === undefined) throw new Error('no traffic was sent')
  // Without a migration in it a run is over sooner than there is something to look at.
  await expect.poll(() => traffic?.summary().sent, { timeout: 30_000 }).toBeGreaterThan(400)
  const summary = await traffic.stop()
  expect(summary.firstFailures).toEqual([])
  const { acknowledged, lost } = await traffic.verify({ path: '/parcels/ids', host: shop })
  expect(acknowledged).toBeGreaterThan(50)
  expect(lost).toBe(0)
  await expect.poll(async () => (await ask(desk, '/')).body, { timeout: 15_000 }).toMatchObject({ waiting: 0 })
  const sent = ((await ask(desk, '/parcels/sent')).body as unknown as string[]) ?? []
  expect(new Set(sent).size).toBe(sent.length)
  expect(sent.length).toBe(((await ask(shop, '/parcels/ids')).body as unknown as string[]).length)
})

test.runIf(thorough)(
  'a state service whose definition changes is made anew inside a hold; the others stay',
  async () => {
    const before = lines(await docker('ps', '-q', '--filter', `name=${project.project}-db`))
    const file = join(project.directory, 'compose.prod.yaml')
    await project.release('v3')
    await writeFile(file, (await readFile(file, 'utf8')).replace('mem_limit: 128m', 'mem_limit: 160m'))
    const { record, stderr } = await project.deploy()
    expect(record?.outcome, stderr).toBe('deployed')
    expect(record?.heldMs).toBeGreaterThan(0)
    expect(lines(await docker('ps', '-q', '--filter', `name=${project.project}-db`))).toEqual(before)
    expect((await ask(desk, '/')).status).toBe(200)
  },
)

function weightColumns(): Promise<string> {
  const query = "select count(*) from information_schema.columns where column_name = 'weight_grams'"
  return docker('exec', `${project.project}-db-1`, 'psql', '-XAtU', 'parcels', '-d', 'parcels', '-c', query)
}

function ask(host: string, path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: project.port, path, headers: { host }, timeout: 10_000 },
      answer => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        answer.on('end', () => {
          let body: Record<string, unknown> = {}
          try {
            body = JSON.parse(text) as Record<string, unknown>
          } catch {
            body = { text }
          }
          resolve({ status: answer.statusCode ?? 0, body })
        })
      },
    )
    asked.on('error', reject).end()
  })
}
