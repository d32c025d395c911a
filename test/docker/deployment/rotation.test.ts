import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newIdentity } from '../../../packages/slipway/src/secrets/age.ts'
import { startTraffic, type Traffic } from '../../../traffic/traffic.mjs'
import { type CliResult, docker, lines, password, Project } from '../project.ts'
import { thorough } from '../sample.ts'

/** The login of the database, rotated while people use the app: both releases get in, whichever way it goes. */
let project: Project
let traffic: Traffic
let identity = ''
const cli = join(import.meta.dirname, '../../../packages/slipway/dist/slipway.js')

function start(...argv: string[]) {
  const { env, ...options } = project.options()
  const child = spawn(process.execPath, [cli, ...argv], { ...options, env: { ...env, SLIPWAY_AGE_KEY: identity } })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
  const ended = once(child, 'close').then(([code]): CliResult => ({ exitCode: Number(code ?? -1), ...said }))
  return { child, said, ended }
}

async function slipway(...argv: string[]): Promise<CliResult> {
  const { child, ended } = start(...argv)
  child.stdin.end()
  return ended
}

async function piped(input: string, ...argv: string[]): Promise<CliResult> {
  const { child, ended } = start(...argv)
  child.stdin.end(input)
  return ended
}

/** Other code, with the secrets of before. */
async function release(name: string): Promise<void> {
  const file = join(project.directory, 'secrets/prod.yaml')
  const kept = await readFile(file).catch(() => undefined)
  await project.release(name)
  await project.environment({ DATABASE_URL: undefined })
  if (kept === undefined) return
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, kept)
}

const off = (text: string) => text.replace(/^warm: .*/m, 'warm: off')

/** Who the app is at the database. */
const sessions = async () =>
  lines(
    await project.sql(
      "select distinct usename from pg_stat_activity where client_addr is not null and application_name not like 'slipway%' order by 1",
    ),
  )
const logins = async () => lines(await project.sql('select rolname from pg_roles where rolcanlogin order by 1'))
const inFile = async () => new URL((await slipway('secrets', 'get', 'prod', 'DATABASE_URL')).stdout)

beforeAll(async () => {
  identity = await newIdentity()
  project = await Project.create({ deadline: '10s', warm: '10m', extra: 'retention: { releases: 2 }' })
  await release('v1')
  const address = `postgresql://baby:${password}@db:5432/baby_basics?schema=public`
  expect(await piped(address, 'secrets', 'set', 'prod', 'DATABASE_URL')).toMatchObject({ exitCode: 0 })
  const deployed = await slipway('deploy', 'prod')
  expect(deployed.exitCode, deployed.stderr).toBe(0)
  traffic = startTraffic({
    baseUrl: project.baseUrl,
    rate: 20,
    timeoutMs: 60_000,
    writes: { path: '/api/v1/feedings', share: 0.5, makeBody: id => ({ id, babyName: 'Ada', amountMl: 90 }) },
    reads: [{ path: '/api/v1/feedings' }],
  })
})

afterAll(async () => {
  await traffic?.stop()
  await project.destroy()
})

test.runIf(thorough)(
  'the new release has a login of its own, and the old one goes back with the old, warm and cold',
  async () => {
    const rotated = await slipway('secrets', 'rotate', 'prod', 'DATABASE_URL')
    expect(rotated.exitCode, rotated.stderr).toBe(0)
    expect(rotated.stderr).toContain('the password of the role baby still works')
    const { username } = await inFile()
    expect(username).toMatch(/^baby_slipway_[0-9a-f]{8}$/)
    // The old release is warm beside it.
    expect(await sessions()).toEqual(expect.arrayContaining([username]))
    expect(await logins()).toEqual(['baby', username])

    expect(await slipway('rollback', 'prod')).toMatchObject({ exitCode: 0 })
    await expect.poll(sessions, { timeout: 20_000 }).toContain('baby')
    const again = await slipway('deploy', 'prod')
    expect(again.exitCode, again.stderr).toBe(0)
    await project.configure(off)
    // Who stops the warm release, because none is to be kept any more, has the lock for a moment.
    await expect.poll(async () => (await slipway('rollback', 'prod')).exitCode, { timeout: 60_000 }).toBe(0)
    await expect.poll(sessions, { timeout: 20_000 }).toEqual(['baby'])
  },
)

test.runIf(thorough)(
  'a migration under the new login leaves what it makes to the role; what it read is in no plan',
  async () => {
    await release('v2')
    await project.configure(off)
    // Not even made yet where people are.
    expect(await slipway('secrets', 'rotate', 'prod', 'DATABASE_URL', '--later')).toMatchObject({ exitCode: 0 })
    const planned = await slipway('plan', 'prod', '--rehearse')
    expect(planned.exitCode, planned.stderr).toBe(6)
    expect(await logins()).not.toContain((await inFile()).username)
    const deployed = await slipway('deploy', 'prod')
    expect(deployed.exitCode, deployed.stderr).toBe(0)
    expect(await project.version()).toBe('0.2.0')
    expect(await project.sql("select distinct tableowner from pg_tables where schemaname = 'public'")).toBe('baby\n')
  },
)

test.runIf(thorough)(
  'a release that does not come up takes its login with it: file and releases are as before',
  async () => {
    const before = (await inFile()).href
    await project.configure(text => off(text).replace(/^health: .*/m, 'health: { path: /nowhere, deadline: 3s }'))
    const failed = await slipway('secrets', 'rotate', 'prod', 'DATABASE_URL')
    expect(failed.exitCode, failed.stderr).toBe(3)
    expect(failed.stderr).toContain('DATABASE_URL has its old value again')
    expect((await inFile()).href).toBe(before)
    await project.configure(off)
  },
)

test.runIf(thorough)(
  'killed in the middle of it, the next command ends it all-old or all-new; what nobody needs any more is shut',
  async () => {
    const before = await inFile()
    const killed = start('secrets', 'rotate', 'prod', 'DATABASE_URL')
    killed.child.stdin.end()
    await expect.poll(() => killed.said.stderr, { timeout: 60_000, interval: 20 }).toMatch(/start +started|Start/)
    killed.child.kill('SIGKILL')
    await killed.ended
    const after = await inFile()
    expect(after.username).not.toBe(before.username)
    const resumed = await slipway('resume', 'prod')
    expect(resumed.stderr + resumed.stdout, `exit code ${resumed.exitCode}`).not.toContain('BUG')
    const deployed = await slipway('deploy', 'prod')
    expect(deployed.exitCode, deployed.stderr).toBe(0)
    expect(await sessions()).toEqual([after.username])
    // Two releases are kept: this one and the one before. The login of the attempt that failed is gone.
    const open = await logins()
    expect(open).toContain('baby')
    expect(
      open.filter(name => name !== 'baby').every(name => [before.username, after.username].includes(name)),
      String(open),
    ).toBe(true)

    const third = await slipway('secrets', 'rotate', 'prod', 'DATABASE_URL')
    expect(third.exitCode, third.stderr).toBe(0)
    expect(third.stderr).toContain(`the login ${after.username} still works`)
    const now = await inFile()
    expect((await logins()).sort()).toEqual(['baby', after.username, now.username].sort())
    const old = `host=127.0.0.1 user=${before.username} dbname=baby_basics`
    expect(before.username).not.toBe('baby')
    await expect(
      docker(
        'exec',
        '-e',
        `PGPASSWORD=${before.password}`,
        `${project.project}-db-1`,
        'psql',
        '-w',
        '-d',
        old,
        '-c',
        'select 1',
      ),
    ).rejects.toThrow()
  },
)

test.runIf(thorough)('a database that is new gets the login with its first deployment', async () => {
  const address = (await inFile()).href
  await traffic.stop()
  expect(traffic.summary().firstFailures).toEqual([])
  await project.destroy()
  project = await Project.create({ deadline: '10s' })
  await release('v1')
  expect(await piped(address, 'secrets', 'set', 'prod', 'DATABASE_URL')).toMatchObject({ exitCode: 0 })
  const deployed = await slipway('deploy', 'prod')
  expect(deployed.exitCode, deployed.stderr).toBe(0)
  expect(await sessions()).toEqual([new URL(address).username])
})

test.runIf(thorough)('no password is in what was said, journalled or recorded', async () => {
  const { password: secret } = await inFile()
  const journal = await project.journal()
  expect(journal).not.toContain(secret)
  const logged = await docker('logs', `${project.project}-db-1`)
  expect(logged).not.toContain(secret)
  const file = join(project.directory, 'secrets/prod.yaml')
  expect(await readFile(file, 'utf8')).not.toContain(secret)
})
