import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ComposeDocument } from '../../src/config/document.ts'
import type { EnvironmentConfig } from '../../src/config/model.ts'
import { listProject } from '../../src/source/listing.ts'

const exec = promisify(execFile)
let base: string
let directory: string

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-listing-'))
  directory = join(base, 'repo/app')
  await write('slipway.yaml', 'infra/compose.yml', 'src/a.js', 'src/$(touch x).js')
})
afterEach(() => rm(base, { recursive: true, force: true }))

async function write(...paths: string[]) {
  for (const path of paths) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), path)
  }
}

const git = (...argv: string[]) => exec('git', ['-C', join(base, 'repo'), ...argv])

function config(change: Partial<EnvironmentConfig> = {}): EnvironmentConfig {
  return {
    file: join(directory, 'slipway.yaml'),
    directory,
    composeFiles: [join(directory, 'infra/compose.yml')],
    backups: { directory: '' },
    ...change,
  } as EnvironmentConfig
}

const list = (document: Partial<ComposeDocument> = {}, change = {}, sources: unknown[] = []) =>
  listProject(config(change), { services: {}, ...document }, sources)

test('without Git: everything but what programs fetch again', async () => {
  await write('node_modules/x/index.js', 'packages/y/node_modules/z/index.js', '.git/config', '.env', 'dist/out.js')
  await symlink('a.js', join(directory, 'src/link.js'))
  expect(await list()).toEqual([
    '.env',
    'dist/out.js',
    'infra/compose.yml',
    'slipway.yaml',
    'src/$(touch x).js',
    'src/a.js',
    'src/link.js',
  ])
})

test('with Git: what it knows or would know, of this folder only, and not what is gone', async () => {
  await git('init', '-q')
  await write('.gitignore', 'gone.js', 'new.js')
  await writeFile(join(directory, '.gitignore'), 'ignored/\n.env\n')
  await write('ignored/big.bin', '.env.other')
  await writeFile(join(base, 'repo/beside.js'), '')
  await git('add', 'app')
  await rm(join(directory, 'gone.js'))
  expect(await list()).toEqual([
    '.env.other',
    '.gitignore',
    'infra/compose.yml',
    'new.js',
    'slipway.yaml',
    'src/$(touch x).js',
    'src/a.js',
  ])
})

test('what Git ignores and the configuration names goes along', async () => {
  await git('init', '-q')
  await write(
    '.env',
    'infra/.env',
    'infra/worker.env',
    'secrets/key',
    'conf/app/a.conf',
    'migrations/1.sql',
    'data/rows',
  )
  await writeFile(join(directory, '.gitignore'), '*\n')
  const document = {
    services: {
      web: {
        volumes: [
          { type: 'bind', source: join(directory, 'conf'), target: '/c', read_only: true },
          { type: 'bind', source: join(directory, 'data'), target: '/d' },
          { type: 'bind', source: '/etc/hostname', target: '/h', read_only: true },
        ],
      },
    },
    secrets: { key: { file: join(directory, 'secrets/key') }, other: { file: '/etc/shadow' } },
  }
  const change = { envFile: join(directory, '.env'), migrate: { files: [join(directory, 'migrations')] } }
  const sources = [
    { services: { web: { env_file: ['worker.env', { path: '../../../../etc/passwd' }] }, odd: null } },
    'rubbish',
  ]
  expect(await list(document, change, sources)).toEqual([
    '.env',
    'conf/app/a.conf',
    'infra/.env',
    'infra/compose.yml',
    'infra/worker.env',
    'migrations/1.sql',
    'secrets/key',
    'slipway.yaml',
  ])
})

test('backups that lie in the project stay where they are', async () => {
  await write('backups/one.dump', 'backups.md')
  const found = await list({}, { backups: { directory: join(directory, 'backups') } })
  expect(found).toContain('backups.md')
  expect(found).not.toContain('backups/one.dump')
})

test('the key to the server does not go to the server', async () => {
  await write('keys/deploy', 'keys/deploy.pub', 'keys/other')
  const found = await list({}, { server: { identityFile: join(directory, 'keys/deploy') } })
  expect(found.filter(path => path.startsWith('keys/'))).toEqual(['keys/other'])
})
