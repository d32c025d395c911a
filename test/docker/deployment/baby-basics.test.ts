import { execFile } from 'node:child_process'
import { mkdir, readFile, readdir, utimes, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { materialise } from '../../../examples/baby-basics/releases/apply.mjs'
import { docker, Project } from '../project.ts'
import { thorough } from '../sample.ts'

/**
 * The document's own entry points, from Git: `infra/deploy.sh`, `infra/backup.sh`, `infra/rollback.sh` in a clone on
 * the server, as its workflow and its cron call them (BB5, BB8).
 */
const exec = promisify(execFile)
const root = resolve(import.meta.dirname, '../../..')
let project: Project
let work: string
let backups: string

beforeAll(async () => {
  project = await Project.create()
  const base = resolve(project.directory, '..')
  work = join(base, 'work')
  backups = join(base, 'backups')
  const origin = join(base, 'origin.git')
  await exec('git', ['init', '--quiet', '--bare', '--initial-branch=main', origin])
  await push('v1')
  await exec('git', ['clone', '--quiet', '--branch', 'main', origin, project.directory])
  await project.environment({})
  await mkdir(backups)
}, 120_000)

afterAll(() => project.destroy())

test('deploy.sh prod deploys the main branch', async () => {
  const { exitCode, stdout } = await script('deploy.sh', 'prod')
  expect(exitCode, stdout).toBe(0)
  expect(await project.version()).toBe('0.1.0')
})

test('deploy.sh again, without an argument, reads NODE_ENV and finds nothing to do; a wrong one is refused', async () => {
  expect((await script('deploy.sh', 'staging')).exitCode).toBe(1)
  const { exitCode, stdout } = await script('deploy.sh')
  expect(exitCode, stdout).toBe(0)
  expect(stdout).toMatch(/nothing changed|unchanged/i)
})

test('a push with a migration: a dump is made before anything changes, and the new version serves', async () => {
  await write('before')
  await push('v2')
  const { exitCode, stdout } = await script('deploy.sh', 'prod')
  expect(exitCode, stdout).toBe(0)
  expect(await project.version()).toBe('0.2.0')
  const dumps = (await readdir(backups)).filter(name => /^pre-deploy-\d{8}-\d{6}\.sql$/.test(name))
  expect(dumps.length).toBeGreaterThan(0)
})

test.runIf(thorough)(
  'a push that would never be healthy on its schema: found on a copy, exit code 1, nothing was changed',
  async () => {
    const commit = await push('v3')
    const { exitCode, stdout } = await script('deploy.sh', 'prod')
    expect(exitCode, stdout).toBe(1)
    expect(stdout).toMatch(/nothing was changed/)
    expect(stdout).toContain(commit.slice(0, 7))
    expect(await project.version()).toBe('0.2.0')
  },
)

test.runIf(thorough)(
  'the same without a rehearsal: rolled back by itself, exit code 1, the previous version with its data runs',
  async () => {
    const commit = await push('v3', 'rehearse: off')
    const { exitCode, stdout } = await script('deploy.sh', 'prod')
    expect(exitCode, stdout).toBe(1)
    expect(stdout).toMatch(/rolled back, the previous version is running/)
    expect(stdout).toContain(commit.slice(0, 7))
    expect(await project.version()).toBe('0.2.0')
    expect(await ids()).toContain('before')
  },
)

test('backup.sh writes daily-YYYY-MM-DD.sql, which psql restores into a fresh database; old ones go', async () => {
  const old = join(backups, 'daily-2020-01-01.sql')
  await writeFile(old, 'old')
  await utimes(old, new Date('2020-01-01'), new Date('2020-01-01'))
  const { exitCode, stdout } = await script('backup.sh', 'prod')
  expect(exitCode, stdout).toBe(0)
  const names = await readdir(backups)
  const daily = names.find(name => /^daily-\d{4}-\d{2}-\d{2}\.sql$/.test(name) && name !== 'daily-2020-01-01.sql')
  expect(names).not.toContain('daily-2020-01-01.sql')
  expect(await readFile(join(backups, 'backup.log'), 'utf8')).toMatch(/backup prod: done/)
  const container = `${project.project}-db-1`
  await docker('cp', join(backups, daily ?? ''), `${container}:/tmp/daily.sql`)
  await docker('exec', container, 'createdb', '-U', 'baby', 'fresh')
  await docker(
    'exec',
    container,
    'psql',
    '-X',
    '-v',
    'ON_ERROR_STOP=1',
    '-q',
    '-U',
    'baby',
    '-d',
    'fresh',
    '-f',
    '/tmp/daily.sql',
  )
  const count = await docker(
    'exec',
    container,
    'psql',
    '-X',
    '-At',
    '-U',
    'baby',
    '-d',
    'fresh',
    '-c',
    'select count(*) from feedings',
  )
  expect(Number(count)).toBe((await ids()).length)
})

test('rollback.sh goes back to the previous version; what was written stays, because the migration only added', async () => {
  await write('after')
  const { exitCode, stdout } = await script('rollback.sh', 'prod')
  expect(exitCode, stdout).toBe(0)
  expect(await project.version()).toBe('0.1.0')
  expect(await ids()).toEqual(expect.arrayContaining(['before', 'after']))
})

/** Pushes one of the example's releases to both branches, with this test's address and shorter waits. */
async function push(name: string, rehearse = 'rehearse: { smoke: [/api/v1/feedings] }'): Promise<string> {
  materialise(work, name, { git: true, branch: 'main' })
  const file = join(work, 'slipway.yaml')
  const text = (await readFile(file, 'utf8'))
    .replace('app: baby-basics', `app: ${project.app}`)
    .replaceAll('0.0.0.0:3000', `127.0.0.1:${project.port}`)
    .replace('health: /api/v1/health', 'health: { path: /api/v1/health, deadline: 8s }')
    .replace(/^rehearse: .*/m, rehearse)
    .concat('watch: off\nwarm: off\n')
  await writeFile(file, text)
  const git = (...argv: string[]) =>
    exec('git', ['-C', work, '-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...argv])
  await git('commit', '--quiet', '--all', `--message=${name} for this test`)
  await git('push', '--quiet', join(work, '..', 'origin.git'), 'HEAD:refs/heads/main', 'HEAD:refs/heads/develop')
  return (await git('rev-parse', 'HEAD')).stdout.trim()
}

async function script(name: string, ...argv: string[]): Promise<{ exitCode: number; stdout: string }> {
  const options = project.options()
  const env = {
    ...options.env,
    APP_DIR: project.directory,
    BACKUP_DIR: backups,
    SLIPWAY: `${process.execPath} ${join(root, 'packages/slipway/dist/slipway.js')}`,
  }
  try {
    const { stdout } = await exec('bash', [join(project.directory, 'infra', name), ...argv], { ...options, env })
    return { exitCode: 0, stdout }
  } catch (error) {
    const failed = error as { code?: number; stdout: string }
    return { exitCode: failed.code ?? -1, stdout: failed.stdout }
  }
}

const known = new Map([
  ['before', '00000000-0000-4000-8000-000000000001'],
  ['after', '00000000-0000-4000-8000-000000000002'],
])

async function write(name: string): Promise<void> {
  const answer = await fetch(`${project.baseUrl}/api/v1/feedings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: known.get(name), babyName: 'Ada', amountMl: 90 }),
  })
  expect(answer.status).toBe(201)
}

async function ids(): Promise<string[]> {
  const found = (await (await fetch(`${project.baseUrl}/api/v1/feedings/ids`)).json()) as string[]
  return found.map(id => [...known].find(([, value]) => value === id)?.[0] ?? id)
}
