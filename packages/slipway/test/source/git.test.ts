import { execFileSync } from 'node:child_process'
import { cp, lstat, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { commitOf, prefixOf } from '../../src/source/git.ts'
import { subjectOf } from '../../src/source/git-argv.ts'
import { author, clone, commit, exported, fetchBranch, git, lab } from './git-lab.ts'

describe('a commit message', () => {
  test('that steers terminals is one harmless line', async () => {
    await commit({}, 'red \u001b[31malert\u001b[0m\u0007 \u202egnp.exe\r\nand \u0090 more', 'odd')
    expect((await fetchBranch(clone, 'origin', 'odd')).subject).toBe('red alert gnp.exe and more')
    expect(subjectOf(`${'x'.repeat(100_000)}`)).toHaveLength(200)
    expect(subjectOf('a\u0000b')).toBe('a b')
  })

  test('in another encoding is read without a crash', async () => {
    await writeFile(join(author, 'message'), Buffer.from([0x63, 0x61, 0x66, 0xe9]))
    git(
      author,
      '-c',
      'i18n.commitEncoding=latin1',
      'commit',
      '--quiet',
      '--allow-empty',
      '--file',
      join(author, 'message'),
    )
    git(author, 'push', '--quiet', 'origin', 'HEAD:refs/heads/latin')
    expect((await fetchBranch(clone, 'origin', 'latin')).subject).toBe('café')
  })
})

describe('inside a Git hook', () => {
  test('another repository named by the environment confuses nobody', async () => {
    const other = `${clone}-other`
    execFileSync('git', ['init', '--quiet', other])
    const index = join(other, '.git', 'index')
    vi.stubEnv('GIT_DIR', join(other, '.git'))
    vi.stubEnv('GIT_WORK_TREE', other)
    vi.stubEnv('GIT_INDEX_FILE', index)
    vi.stubEnv('GIT_OBJECT_DIRECTORY', join(other, '.git', 'objects'))
    vi.stubEnv('GIT_PREFIX', 'sub/')
    vi.stubEnv('GIT_NAMESPACE', 'x')
    const { sha, subject } = await fetchBranch(clone, 'origin', 'main')
    expect(subject).toBe('first')
    expect((await commitOf(clone))?.sha).toBe(sha)
    expect(await prefixOf(clone)).toBe('')
    expect(await readFile(join(await exported(sha), 'app.js'), 'utf8')).toBe('one\n')
    await expect(stat(index)).rejects.toThrow('ENOENT')
    vi.unstubAllEnvs()
  })
})

describe('the commit of a folder', () => {
  test('is told when the folder is as the commit is', async () => {
    expect(await commitOf(clone)).toMatchObject({ branch: 'main', subject: 'first' })
    git(clone, 'checkout', '--quiet', '--detach')
    expect(await commitOf(clone)).toMatchObject({ branch: '', subject: 'first' })
  })

  test('is not claimed for a changed, new or foreign file', async () => {
    await writeFile(join(clone, 'new.js'), 'would be built into the image')
    expect(await commitOf(clone)).toBeUndefined()
    await mkdir(join(clone, '.git', 'info'))
    await writeFile(join(clone, '.git', 'info', 'exclude'), 'new.js\n')
    expect(await commitOf(clone)).toBeDefined()
    await writeFile(join(clone, 'app.js'), 'changed\n')
    expect(await commitOf(clone)).toBeUndefined()
    expect(await commitOf(lab)).toBeUndefined()
    expect(await commitOf(join(lab, 'missing'))).toBeUndefined()
  })

  test('is none in a repository without commits', async () => {
    const empty = `${clone}-empty`
    execFileSync('git', ['init', '--quiet', empty])
    expect(await commitOf(empty)).toBeUndefined()
  })
})

describe('a project in a folder of its repository', () => {
  test('is found there, whatever the folder is called', async () => {
    for (const name of ['apps/shop', 'with blank ', 'ümlaut', '$(touch x)', '-rf']) {
      await mkdir(join(clone, name), { recursive: true })
      expect(await prefixOf(join(clone, name))).toBe(`${name}/`)
    }
    await expect(prefixOf(lab)).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })

  test('is changed only by changes in it', async () => {
    await mkdir(join(clone, 'apps/shop'), { recursive: true })
    await cp(join(clone, 'app.js'), join(clone, 'apps/shop/app.js'))
    git(clone, 'add', '--all')
    git(clone, 'commit', '--quiet', '--message', 'shop')
    await writeFile(join(clone, 'app.js'), 'changed elsewhere\n')
    expect(await commitOf(join(clone, 'apps/shop'))).toMatchObject({ subject: 'shop' })
    expect((await lstat(join(clone, 'apps/shop/app.js'))).isFile()).toBe(true)
  })
})
