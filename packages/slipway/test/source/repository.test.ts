import { execFileSync } from 'node:child_process'
import { chmod, lstat, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { exportCommit, proveWhole } from '../../src/source/export.ts'
import { cloneOrigin } from '../../src/source/git-origin.ts'
import { fetchCommit } from '../../src/source/repository.ts'
import {
  author,
  clone,
  commit,
  exported,
  fetchBranch,
  git,
  hostile,
  lab,
  remote,
  repository,
  round,
} from './git-lab.ts'

describe('fetching a branch', () => {
  test('brings its newest commit and touches no file, no branch, no FETCH_HEAD', async () => {
    await writeFile(join(clone, 'app.js'), 'being edited\n')
    const sha = await commit({ 'app.js': 'two\n' }, 'second', 'release/1.0')
    const before = git(clone, 'for-each-ref')
    expect(await fetchBranch(clone, 'origin', 'release/1.0')).toEqual({ sha, branch: 'release/1.0', subject: 'second' })
    expect(await readFile(join(clone, 'app.js'), 'utf8')).toBe('being edited\n')
    expect(git(clone, 'for-each-ref')).toBe(before)
    await expect(stat(join(clone, '.git', 'FETCH_HEAD'))).rejects.toThrow('ENOENT')
  })

  test('follows a branch that was rewritten, and one whose name became a folder', async () => {
    await commit({ 'app.js': 'a\n' }, 'a', 'next')
    await fetchBranch(clone, 'origin', 'next')
    git(author, 'commit', '--quiet', '--amend', '--message', 'rewritten')
    git(author, 'push', '--quiet', '--force', 'origin', 'HEAD:refs/heads/next')
    expect((await fetchBranch(clone, 'origin', 'next')).subject).toBe('rewritten')
    git(author, 'push', '--quiet', 'origin', ':refs/heads/next')
    await commit({}, 'deeper', 'next/one')
    expect((await fetchBranch(clone, 'origin', 'next/one')).subject).toBe('deeper')
  })

  test('of two branches at once gives each its own', async () => {
    await commit({}, 'on a', 'a')
    await commit({}, 'on b', 'b')
    const both = await Promise.all(['a', 'b', 'a', 'b'].map(branch => fetchBranch(clone, 'origin', branch)))
    expect(both.map(each => each.subject)).toEqual(['on a', 'on b', 'on a', 'on b'])
  })

  test.each(hostile)('by the hostile name %j runs nothing', async branch => {
    const error = await fetchBranch(clone, 'origin', branch).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'SOURCE_FAILED' })
    await expect(stat('/tmp/slipway-pwned')).rejects.toThrow('ENOENT')
    expect(await readdir(clone)).not.toContain('x')
  })

  test.each(['main:refs/heads/evil', '*', '+main', 'main^{commit}', '@{-1}'])('%j writes no branch', async branch => {
    const before = git(clone, 'for-each-ref', 'refs/heads')
    await expect(fetchBranch(clone, 'origin', branch)).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    expect(git(clone, 'for-each-ref', 'refs/heads')).toBe(before)
  })

  test.each([
    '--upload-pack=touch /tmp/slipway-pwned',
    'ext::sh -c touch% /tmp/slipway-pwned',
    '-oProxyCommand=x',
    'nowhere',
  ])('from the hostile remote %j runs nothing', async from => {
    await expect(fetchBranch(clone, from, 'main')).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    await expect(stat('/tmp/slipway-pwned')).rejects.toThrow('ENOENT')
  })

  test('that there is not names the cause, not the advice after it', async () => {
    const missing = await fetchBranch(clone, 'origin', 'gone').catch((thrown: unknown) => thrown)
    expect(missing).toMatchObject({ why: 'the repository has no branch gone', next: expect.any(String) as unknown })
    const nowhere = await fetchBranch(clone, join(lab, 'gone.git'), 'main').catch((thrown: unknown) => thrown)
    expect(nowhere).toMatchObject({ why: 'there is no such repository, or it is not shown to who asks' })
  })

  test('shows no token of an address', async () => {
    const error: unknown = await fetchBranch(clone, 'http://ada:hunter22@127.0.0.1:1/x.git', 'main').catch(
      thrown => thrown as unknown,
    )
    expect(JSON.stringify(error, ['message', 'why', 'output', 'next'])).not.toContain('hunter22')
    expect(String(error)).not.toContain('hunter22')
  })

  test('takes a shallow clone as it is', async () => {
    await commit({ 'app.js': 'two\n' }, 'second')
    const shallow = `${clone}-shallow`
    execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${remote}`, shallow])
    const sha = await commit({ 'app.js': 'three\n' }, 'third')
    expect((await fetchBranch(shallow, 'origin', 'main')).sha).toBe(sha)
    const target = join(lab, 'shallow-export')
    git(shallow, 'pull', '--quiet')
    await exportCommit(shallow, sha, target)
    expect(await readFile(join(target, 'app.js'), 'utf8')).toBe('three\n')
  })
})

describe('the repository of our own', () => {
  test('takes one commit by its full name, also when the branch has gone on', async () => {
    const first = git(clone, 'rev-parse', 'HEAD')
    await commit({ 'app.js': 'two\n' }, 'second')
    expect(await fetchBranch(clone, 'origin', 'main', first)).toEqual({ sha: first, branch: '', subject: 'first' })
    expect(await readFile(join(await exported(first), 'app.js'), 'utf8')).toBe('one\n')
  })

  test('finds a commit on the branch where the host gives out nothing but branches', async () => {
    const first = git(clone, 'rev-parse', 'HEAD')
    await commit({ 'app.js': 'two\n' }, 'second')
    git(clone, 'remote', 'set-url', 'origin', `file://${remote}`)
    vi.stubEnv('GIT_CONFIG_COUNT', '1')
    vi.stubEnv('GIT_CONFIG_KEY_0', 'protocol.version')
    vi.stubEnv('GIT_CONFIG_VALUE_0', '0')
    expect((await fetchBranch(clone, 'origin', 'main')).subject).toBe('second')
    expect(await fetchBranch(clone, 'origin', 'main', first)).toEqual({ sha: first, branch: '', subject: 'first' })
    expect(await readFile(join(await exported(first), 'app.js'), 'utf8')).toBe('one\n')
    await commit({ 'app.js': 'elsewhere\n' }, 'on another branch', 'other')
    const other = git(author, 'rev-parse', 'HEAD~0')
    await commit({ 'app.js': 'its tip\n' }, 'its tip', 'other')
    await expect(fetchBranch(clone, 'origin', 'main', other)).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      why: `the repository does not give out the commit ${other.slice(0, 12)}`,
    })
  })

  test.each(['main', 'HEAD', '--output=x', '$(touch x)', 'f'.repeat(40), '0'.repeat(39), 'g'.repeat(40)])(
    'has no commit %j',
    async name => {
      await expect(fetchBranch(clone, 'origin', 'main', name)).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    },
  )

  test('holds what is needed and no more: a long past is not fetched', async () => {
    for (let count = 0; count < 5; count++) await commit({ 'app.js': `${count}\n` })
    git(clone, 'remote', 'set-url', 'origin', `file://${remote}`)
    await fetchBranch(clone, 'origin', 'main')
    expect(git(repository(), 'rev-list', '--count', 'refs/slipway/main')).toBe('1')
    await commit({ 'app.js': 'next\n' })
    await fetchBranch(clone, 'origin', 'main')
    expect(git(repository(), 'rev-list', '--count', 'refs/slipway/main')).toBe('1')
  })

  test('goes on when git was killed in it, and left its locks', async () => {
    git(clone, 'remote', 'set-url', 'origin', `file://${remote}`)
    await fetchBranch(clone, 'origin', 'main')
    const sha = await commit({ 'app.js': 'two\n' })
    for (const name of ['shallow.lock', 'refs/slipway/main.lock']) await writeFile(join(repository(), name), '')
    expect((await fetchBranch(clone, 'origin', 'main')).sha).toBe(sha)
  })

  test.each([
    ['no HEAD', async (folder: string) => rm(join(folder, 'HEAD'))],
    ['an empty HEAD', async (folder: string) => writeFile(join(folder, 'HEAD'), '')],
    ['rubbish for its settings', async (folder: string) => writeFile(join(folder, 'config'), '\0[[[')],
    ['an empty reference', async (folder: string) => writeFile(join(folder, 'refs/slipway/main'), '')],
    ['nothing left of its objects', async (folder: string) => rm(join(folder, 'objects'), { recursive: true })],
    ['empty objects', emptyObjects],
    ['rubbish for shallow', async (folder: string) => writeFile(join(folder, 'shallow'), 'rubbish\n')],
  ])('is made anew when a power cut left it with %s', async (_what, damage) => {
    git(clone, 'remote', 'set-url', 'origin', `file://${remote}`)
    await fetchBranch(clone, 'origin', 'main')
    await damage(repository())
    const { sha } = await fetchBranch(clone, 'origin', 'main')
    expect(await readFile(join(await exported(sha), 'app.js'), 'utf8')).toBe('one\n')
  })

  async function emptyObjects(folder: string): Promise<void> {
    for (const name of await readdir(join(folder, 'objects'), { recursive: true })) {
      const file = join(folder, 'objects', name)
      if ((await lstat(file)).isFile()) {
        await chmod(file, 0o600)
        await writeFile(file, '')
      }
    }
  }

  test('is used also by who lets git use no bare repository that it finds', async () => {
    const settings = join(lab, `careful-${round}`)
    await writeFile(settings, '[safe]\n\tbareRepository = explicit\n')
    vi.stubEnv('GIT_CONFIG_GLOBAL', settings)
    const { sha } = await fetchBranch(clone, 'origin', 'main')
    await proveWhole(repository(), sha)
    expect(await readFile(join(await exported(sha), 'app.js'), 'utf8')).toBe('one\n')
  })

  test('is left alone by one that is interrupted', async () => {
    const given = new AbortController()
    given.abort()
    const origin = await cloneOrigin(clone, 'origin')
    await expect(fetchCommit(repository(), origin, { branch: 'main' }, given.signal)).rejects.toMatchObject({
      code: 'INTERRUPTED',
    })
  })
})
