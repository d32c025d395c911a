import { execFileSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, vi } from 'vitest'
import { exportCommit } from '../../src/source/export.ts'
import { cloneOrigin } from '../../src/source/git-origin.ts'
import { fetchCommit } from '../../src/source/repository.ts'

// Repositories for the tests of a file: imported, it makes them anew for each.

/** Of all tests of a file. */
export let lab: string
/** A bare repository, the place where code comes from. */
export let remote: string
/** A folder in which somebody writes the app. */
export let author: string
/** The folder from which is deployed: a clone with branches of its own. */
export let clone: string
export let round = 0

export const hostile = [
  '--upload-pack=touch /tmp/slipway-pwned',
  '-x',
  ';touch x',
  '$(touch x)',
  '`touch x`',
  'a\nb',
  'a b',
  '',
  'a..b',
]

export function git(directory: string, ...argv: string[]): string {
  const settings = ['-c', 'user.name=a', '-c', 'user.email=a@b.c', '-c', 'protocol.file.allow=always']
  const output = execFileSync('git', ['-C', directory, ...settings, ...argv], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return output.trimEnd()
}

export async function commit(files: Record<string, string>, message = 'a change', branch = 'main'): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(author, name, '..'), { recursive: true })
    await writeFile(join(author, name), content)
  }
  git(author, 'add', '--all')
  git(author, 'commit', '--quiet', '--allow-empty', '--message', message)
  git(author, 'push', '--quiet', '--force', 'origin', `HEAD:refs/heads/${branch}`)
  return git(author, 'rev-parse', 'HEAD')
}

function setPlace(name: string): string {
  const place = join(lab, name)
  remote = join(place, 'remote.git')
  author = join(place, 'author')
  clone = join(place, 'clone')
  return place
}

beforeAll(async () => {
  lab = await mkdtemp(join(tmpdir(), 'slipway-git-'))
  await mkdir(setPlace('template'))
  execFileSync('git', ['init', '--quiet', '--template=', '--bare', '--initial-branch=main', remote])
  execFileSync('git', ['init', '--quiet', '--template=', '--initial-branch=main', author])
  git(author, 'remote', 'add', 'origin', '../remote.git')
  await commit({ 'app.js': 'one\n' }, 'first')
  execFileSync('git', ['clone', '--quiet', '--template=', remote, clone])
  git(clone, 'remote', 'set-url', 'origin', '../remote.git')
})
beforeEach(async () => {
  vi.unstubAllEnvs()
  const template = join(lab, 'template')
  await cp(template, setPlace(String(++round)), { recursive: true, preserveTimestamps: true })
  git(clone, 'update-index', '--refresh')
})
afterAll(() => rm(lab, { recursive: true, force: true }))

export const repository = () => join(lab, String(round), 'repository')

export async function fetchBranch(directory: string, from: string, branch: string, commit?: string) {
  const wanted = { branch, ...(commit === undefined ? {} : { commit }) }
  return fetchCommit(repository(), await cloneOrigin(directory, from), wanted)
}

export async function exported(sha: string): Promise<string> {
  const target = join(lab, `export-${round}`, sha)
  await exportCommit(repository(), sha, target)
  return target
}
