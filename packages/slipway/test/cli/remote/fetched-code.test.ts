import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { FetchRequest } from '../../../src/cli/remote/calls.ts'
import { FetchedCode } from '../../../src/cli/remote/fetched-code.ts'
import { uploadNote } from '../../../src/runner/uploads.ts'
import { layout, type Layout } from '../../../src/store/layout.ts'

let base: string
let work: string
let place: Layout
const never = new AbortController().signal

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-fetched-'))
  work = join(base, 'work')
  place = layout('shop-prod', join(base, 'home'))
  await mkdir(join(base, 'bin'))
  // In the place of ssh: the host of the repository is this machine. What it was called with is kept.
  const ssh = `#!/bin/sh\nprintf '%s\\n' "$*" >> ${base}/ssh.log\nfor last; do :; done\nexec sh -c "$last"\n`
  await writeFile(join(base, 'bin/ssh'), ssh, { mode: 0o755 })
  vi.stubEnv('PATH', `${join(base, 'bin')}:${process.env['PATH']}`)
  await mkdir(work)
  git('init', '--quiet', '--initial-branch=main')
  await commit({
    'slipway.yaml': 'app: shop\nedge: { listen: "127.0.0.1:80" }\ncompose: c.yml\nenvironments: { prod: {} }\n',
    'c.yml': 'services: { web: { image: x, environment: { A: "$A", B: "${B:-b}" } } }\n',
    'secrets/prod.yaml': 'sealed, or not\n',
  })
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(base, { recursive: true, force: true })
})

function git(...argv: string[]): string {
  const person = ['-c', 'user.name=a', '-c', 'user.email=a@b.c']
  return execFileSync('git', ['-C', work, ...person, ...argv], { encoding: 'utf8' }).trim()
}

async function commit(files: Record<string, string>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(work, name)), { recursive: true })
    await writeFile(join(work, name), content)
  }
  git('add', '--all')
  git('commit', '--quiet', '--message=a change')
  return git('rev-parse', 'HEAD')
}

function fetched(change: Partial<FetchRequest> = {}): Promise<FetchedCode> {
  const hostKeys = [{ type: 'ssh-ed25519', key: 'AAAA' }]
  const request = {
    repository: `git@git.example.com:${work}`,
    branch: 'main',
    folder: '',
    file: 'slipway.yaml',
    hostKeys,
  }
  return FetchedCode.fetch(place, { project: 'shop-prod', environment: 'prod' }, { ...request, ...change }, never)
}

test('tells what the commit wants to know, and with that it becomes an upload', async () => {
  const sha = git('rev-parse', 'HEAD')
  const code = await fetched()
  expect(code.answer).toEqual({
    commit: { sha, branch: 'main', subject: 'a change' },
    asked: ['A', 'B'],
    sealed: 'sealed, or not\n',
  })
  const folder = await code.take({ path: '.env', text: 'A=1\n' })
  expect(dirname(folder)).toBe(place.uploads)
  expect((await readdir(folder)).sort()).toEqual(['.env', 'c.yml', 'secrets', 'slipway.yaml'])
  expect((await stat(join(folder, '.env'))).mode & 0o777).toBe(0o600)
  expect((await uploadNote(folder))?.commit?.sha).toBe(sha)
  expect(await (await fetched()).take({ path: '.env', text: 'A=1\n' })).toBe(folder)
  expect(await (await fetched()).take(undefined)).not.toBe(folder)
  expect((await readdir(place.uploads)).filter(name => name.startsWith('.'))).toEqual([])
})

test('the host is known by the keys that were sent, and by no others', async () => {
  await fetched()
  const called = await readFile(join(base, 'ssh.log'), 'utf8')
  expect(called).toContain('StrictHostKeyChecking=yes')
  expect(called).toContain(`IdentityFile=${place.deployKey}`)
  expect(called).toMatch(/UserKnownHostsFile=\/tmp\/slipway-ssh-\S+\/hosts/)
  expect(called).toContain('git@git.example.com')
})

test('a folder of the repository is taken alone', async () => {
  await commit({
    'apps/shop/slipway.yaml': await readFile(join(work, 'slipway.yaml'), 'utf8'),
    'apps/shop/c.yml': 'services: {}\n',
  })
  const folder = await (await fetched({ folder: 'apps/shop/' })).take(undefined)
  expect((await readdir(folder)).sort()).toEqual(['c.yml', 'slipway.yaml'])
})

test.each([
  ['without its folder', { folder: 'apps/gone/' }, 'SOURCE_FAILED'],
  ['without slipway.yaml', { file: 'other.yaml' }, 'CONFIG_NOT_FOUND'],
  ['without the branch', { branch: 'gone' }, 'SOURCE_FAILED'],
  ['of a folder that leads out', { folder: '../../' }, 'SOURCE_FAILED'],
  ['of a hostile folder', { folder: '--output=x' }, 'SOURCE_FAILED'],
  ['from this machine', { repository: '/srv/git/shop.git' }, 'BUG'],
  ['from a program', { repository: 'ext::sh -c x' }, 'BUG'],
])('a commit %s is refused, and nothing stays', async (_what, change, code) => {
  const error: unknown = await fetched(change).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code })
  expect(String((error as Error).message)).not.toContain('.incoming')
  expect(await readdir(place.uploads).catch(() => [])).toEqual([])
})

test('another app is refused', async () => {
  await commit({ 'slipway.yaml': (await readFile(join(work, 'slipway.yaml'), 'utf8')).replace('shop', 'bank') })
  await expect(fetched()).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('bank') as unknown,
  })
})

test('mistakes are told by the commit and the line, not by a folder that is there for a moment', async () => {
  const sha = await commit({ 'slipway.yaml': 'app: shop\nnonsense: 1\n' })
  await expect(fetched()).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    problems: [{ file: `main@${sha.slice(0, 12)}:slipway.yaml`, line: 2 }],
  })
})

test('an env file is never written through a link of the commit', async () => {
  await symlink(base, join(work, 'infra'))
  await symlink('/etc/hostname', join(work, '.env'))
  await commit({})
  await expect((await fetched()).take({ path: 'infra/.env', text: 'x' })).rejects.toMatchObject({
    code: 'SOURCE_FAILED',
  })
  await expect((await fetched()).take({ path: '../.env', text: 'x' })).rejects.toMatchObject({ code: 'BUG' })
  const folder = await (await fetched()).take({ path: '.env', text: 'A=1\n' })
  expect(await readFile(join(folder, '.env'), 'utf8')).toBe('A=1\n')
  expect(await readdir(base)).not.toContain('.env')
})

test('what is given up leaves nothing', async () => {
  await (await fetched()).abandon()
  expect(await readdir(place.uploads)).toEqual([])
})
