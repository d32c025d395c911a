import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTraffic, type Traffic } from '../../../traffic/traffic.mjs'
import { docker, password, Project } from '../project.ts'
import { sample, thorough } from '../sample.ts'

let project: Project
let traffic: Traffic

beforeAll(async () => {
  project = await Project.create({ deadline: '6s', extra: 'rehearse: off' })
  await project.release('v2')
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

/** The old release serves, alone, with its data, and nothing of the failed one is left. */
async function expectAllOld(): Promise<void> {
  expect(await project.version()).toBe('0.2.0')
  const { containers, networks, databases } = await project.leftovers()
  expect(containers.filter(name => !name.includes('-db-'))).toHaveLength(2)
  expect(networks).toHaveLength(1)
  expect(databases.filter(name => !name.includes('__before_r1'))).toEqual(['baby_basics'])
  expect(
    await project.sql(
      "select count(*) from information_schema.columns where table_name = 'feedings' and column_name = 'amount_ml'",
    ),
  ).toBe('1\n')
  expect(traffic.summary().firstFailures).toEqual([])
}

/** The ledger has most of the others: every run has one that never answers. */
const brokenReleases = sample(1, [
  { release: 'health-hangs', over: 'v2', exitCode: 3, code: 'GATE_FAILED', shows: /answer|health/ },
  { release: 'crash-loop', over: 'v2', exitCode: 3, code: 'GATE_FAILED', shows: /exited|crashed/ },
  { release: 'v3', over: undefined, exitCode: 3, code: 'GATE_FAILED', shows: /503|unhealthy/ },
  {
    release: 'migration-fails-half-way',
    over: undefined,
    exitCode: 3,
    code: 'MIGRATION_FAILED',
    shows: /exited with code/,
  },
  { release: 'does-not-build', over: undefined, exitCode: 1, code: 'BUILD_FAILED', shows: /./ },
  { release: 'migration-lies', over: undefined, exitCode: 3, code: 'MIGRATION_FAILED', shows: /./ },
  { release: 'health-500', over: 'v2', exitCode: 3, code: 'GATE_FAILED', shows: /500/ },
  { release: 'exits-at-once', over: 'v2', exitCode: 3, code: 'GATE_FAILED', shows: /exited|crashed/ },
])

test.each(brokenReleases)(
  '$release: $code, and the old release goes on serving',
  async ({ release, over, exitCode, code, shows }) => {
    await project.release(release, over)
    const result = await project.deploy()
    expect(result.record?.failure?.code, result.stderr).toBe(code)
    expect(result.exitCode).toBe(exitCode)
    expect(`${result.record?.failure?.why} ${result.stderr}`).toMatch(shows)
    await expectAllOld()
  },
)

test('a variable that is not set: named, nothing changed', async () => {
  await project.release('code-only', 'v2')
  await project.environment({ JWT_SECRET: undefined })
  const result = await project.slipway('deploy', 'prod')
  expect(result.stderr).toMatch(/SECRET_MISSING/)
  expect(result.stderr).toMatch(/JWT_SECRET/)
  expect(result.exitCode).toBe(1)
  await expectAllOld()
})

test('a wrong database password: found before anything changes', async () => {
  await project.release('code-only', 'v2')
  await project.environment({ DATABASE_URL: 'postgresql://baby:wrong-9d8f7s6@db:5432/baby_basics?schema=public' })
  const result = await project.deploy()
  expect(result.record?.failure).toMatchObject({ step: 'preflight', code: 'DATABASE_UNREACHABLE' })
  expect(result.exitCode).toBe(1)
  expect(result.stderr + result.stdout).not.toMatch(/wrong-9d8f7s6/)
  await expectAllOld()
})

test('a full disk where backups go: found before anything changes', async () => {
  await project.release('code-only', 'v2')
  const folder = join(project.directory, '..', 'full')
  await docker('version')
  const { mkdir } = await import('node:fs/promises')
  await mkdir(folder)
  await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder])
  try {
    await project.configure(text => text.replace('directory: backups', `directory: ${folder}`))
    const result = await project.deploy()
    expect(result.record?.failure).toMatchObject({ step: 'preflight', code: 'DISK_FULL' })
    expect(result.exitCode).toBe(1)
    await expectAllOld()
  } finally {
    await run('umount', [folder])
  }
})

test('a port in use: named, nothing changed', async () => {
  await project.release('code-only', 'v2')
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  try {
    await project.configure(text => text.replace(`127.0.0.1:${project.port}`, `127.0.0.1:${port}`))
    const result = await project.deploy()
    expect(result.record?.failure, result.stderr).toMatchObject({ step: 'preflight', code: 'PORT_IN_USE' })
    expect(result.record?.failure?.why ?? '' + result.stderr).toMatch(new RegExp(String(port)))
    await expectAllOld()
  } finally {
    server.close()
  }
})

test.runIf(thorough)('two at once: the second says who holds the lock', async () => {
  await project.release('slow-boot', 'v2')
  await project.configure(text => text.replace('deadline: 6s', 'deadline: 20s'))
  const first = project.deploy()
  await new Promise(resolve => setTimeout(resolve, 2500))
  const second = await project.slipway('deploy', 'prod')
  expect(second.exitCode).toBe(5)
  expect(second.stderr).toMatch(/holds the lock since/)
  expect((await first).record?.outcome).toBe('deployed')
  expect(await project.version()).toBe('0.2.7')
})

test('through all of it no request failed, no acknowledged write was lost, and no secret was told', async () => {
  const summary = await traffic.stop()
  expect(summary.firstFailures).toEqual([])
  expect(summary.failed).toBe(0)
  const { acknowledged, lost } = await traffic.verify('/api/v1/feedings/ids')
  expect(acknowledged).toBeGreaterThan(100)
  expect(lost).toBe(0)
  expect(await project.journal()).not.toContain(password)
})

async function run(program: string, argv: string[]): Promise<void> {
  const child = spawn(program, argv, { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).toBe(0)
}
