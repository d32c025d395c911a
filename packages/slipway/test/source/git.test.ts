import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmod,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EnvironmentConfig } from '../../src/config/model.ts'
import { scanRepository } from '../../src/secrets/scan/repository.ts'
import { exportCommit, proveWhole } from '../../src/source/export.ts'
import { commitOf, prefixOf } from '../../src/source/git.ts'
import { cloneOrigin } from '../../src/source/git-origin.ts'
import { listProject } from '../../src/source/listing.ts'
import { fetchCommit } from '../../src/source/repository.ts'
import { subjectOf } from '../../src/source/git-argv.ts'

let lab: string
/** A bare repository, the place where code comes from. */
let remote: string
/** A folder in which somebody writes the app. */
let author: string
/** The folder from which is deployed: a clone with branches of its own. */
let clone: string
let round = 0

const hostile = [
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

function git(directory: string, ...argv: string[]): string {
  const settings = ['-c', 'user.name=a', '-c', 'user.email=a@b.c', '-c', 'protocol.file.allow=always']
  const output = execFileSync('git', ['-C', directory, ...settings, ...argv], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return output.trimEnd()
}

async function commit(files: Record<string, string>, message = 'a change', branch = 'main'): Promise<string> {
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

const repository = () => join(lab, String(round), 'repository')

async function fetchBranch(directory: string, from: string, branch: string, commit?: string) {
  const wanted = { branch, ...(commit === undefined ? {} : { commit }) }
  return fetchCommit(repository(), await cloneOrigin(directory, from), wanted)
}

async function exported(sha: string): Promise<string> {
  const target = join(lab, `export-${round}`, sha)
  await exportCommit(repository(), sha, target)
  return target
}

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

describe('a commit that is written out', () => {
  test('has its files, executable bits and links, and leaves the repository as it was', async () => {
    await chmod(join(author, 'app.js'), 0o755)
    await symlink('/etc/passwd', join(author, 'out'))
    await symlink('app.js', join(author, 'in'))
    const sha = await commit({ 'a/b/c.txt': 'c', 'große datei': 'x'.repeat(5_000_000), '-rf': '', '$(touch x)': '' })
    await fetchBranch(clone, 'origin', 'main')
    await writeFile(join(clone, 'app.js'), 'being edited\n')
    const status = git(clone, 'status', '--porcelain')
    const target = await exported(sha)
    expect((await stat(join(target, 'app.js'))).mode & 0o111).toBe(0o111)
    expect((await stat(join(target, 'a/b/c.txt'))).mode & 0o111).toBe(0)
    expect(await readlink(join(target, 'out'))).toBe('/etc/passwd')
    expect(await readlink(join(target, 'in'))).toBe('app.js')
    expect((await stat(join(target, 'große datei'))).size).toBe(5_000_000)
    expect((await readdir(target)).sort()).toEqual(
      ['$(touch x)', '-rf', 'a', 'app.js', 'große datei', 'in', 'out'].sort(),
    )
    expect(await readdir(join(target, '..'))).toEqual([sha])
    expect(git(clone, 'status', '--porcelain')).toBe(status)
  })

  test('replaces what an earlier attempt left there', async () => {
    const { sha } = await fetchBranch(clone, 'origin', 'main')
    const target = await exported(sha)
    await writeFile(join(target, 'left over'), '')
    await writeFile(`${target}.index.lock`, '')
    await exported(sha)
    expect(await readdir(target)).toEqual(['app.js'])
  })

  test('leaves a submodule as an empty folder and fetches nothing for it', async () => {
    git(author, 'submodule', '--quiet', 'add', '../remote.git', 'vendor')
    const sha = await commit({})
    await fetchBranch(clone, 'origin', 'main')
    git(clone, 'config', 'submodule.recurse', 'true')
    const target = await exported(sha)
    expect(await readdir(join(target, 'vendor'))).toEqual([])
    expect(await readdir(target)).toContain('.gitmodules')
  })

  test('starts no program that its own attributes name', async () => {
    const sha = await commit({
      '.gitattributes': '*.txt filter=evil\n*.bin filter=lfs -text\n',
      'a.txt': 'a',
      'b.bin': 'b',
      '.gitconfig': `[filter "evil"]\n\tsmudge = touch ${lab}/pwned\n\trequired\n[core]\n\tfsmonitor = touch ${lab}/pwned\n`,
      '.git-hooks/post-checkout': `#!/bin/sh\ntouch ${lab}/pwned\n`,
    })
    await fetchBranch(clone, 'origin', 'main')
    const target = await exported(sha)
    expect(await readFile(join(target, 'a.txt'), 'utf8')).toBe('a')
    await expect(stat(join(lab, 'pwned'))).rejects.toThrow('ENOENT')
  })

  test('is complete and as committed, however the clone is set up and whatever lies in its work tree', async () => {
    const sha = await commit({ 'one/a.txt': 'a\n', 'two/b.txt': 'b\n' })
    await fetchBranch(clone, 'origin', 'main')
    git(clone, 'sparse-checkout', 'set', 'one')
    git(clone, 'config', 'core.autocrlf', 'true')
    git(clone, 'config', 'core.fsmonitor', `touch ${lab}/watched`)
    git(clone, 'config', 'core.splitIndex', 'true')
    await writeFile(join(clone, '.gitattributes'), '*.txt text eol=crlf\n')
    const target = await exported(sha)
    expect(await readFile(join(target, 'one/a.txt'), 'utf8')).toBe('a\n')
    expect(await readFile(join(target, 'two/b.txt'), 'utf8')).toBe('b\n')
    await expect(stat(join(lab, 'watched'))).rejects.toThrow('ENOENT')
  })

  test('comes from bare repositories and linked work trees, too', async () => {
    const sha = git(clone, 'rev-parse', 'HEAD')
    const linked = `${clone}-linked`
    git(clone, 'worktree', 'add', '--quiet', '--detach', linked)
    for (const repository of [remote, linked]) {
      const target = join(lab, `other-${round}`)
      await exportCommit(repository, sha, target)
      expect(await readdir(target)).toEqual(['app.js'])
    }
  })

  test.each(['main', 'HEAD', '--output=x', '', 'deadbeef', '0'.repeat(40)])('%j is no commit', async name => {
    const target = join(lab, `none-${round}`)
    await expect(exportCommit(clone, name, target)).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })

  test.skipIf(process.getuid?.() !== 0)('on a full disk says that it is full', async () => {
    const sha = await commit({ 'large.bin': 'x'.repeat(3_000_000) })
    await fetchBranch(clone, 'origin', 'main')
    const small = join(lab, `small-${round}`)
    await mkdir(small)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small], { stdio: 'ignore' })
    } catch {
      return
    }
    try {
      await expect(exportCommit(repository(), sha, join(small, 'out'))).rejects.toMatchObject({ code: 'DISK_FULL' })
    } finally {
      execFileSync('umount', [small])
    }
  })
})

describe('a repository that was written by somebody else', () => {
  /** Every setting by which git starts a program on one of the ways that are gone here. */
  async function makeHostile(): Promise<string> {
    const program = join(lab, `evil-${round}`)
    const marker = `${program}.ran`
    await writeFile(program, `#!/bin/sh\necho "$0 $*" >> ${marker}\ncat\n`, { mode: 0o755 })
    const settings: [string, string][] = [
      ['core.fsmonitor', program],
      ['core.sshCommand', program],
      ['core.askPass', program],
      ['core.gitProxy', program],
      ['core.pager', program],
      ['core.editor', program],
      ['core.hooksPath', join(lab, `hooks-${round}`)],
      ['core.alternateRefsCommand', program],
      ['pager.log', 'true'],
      ['diff.external', program],
      ['diff.evil.command', program],
      ['diff.evil.textconv', program],
      ['filter.evil.clean', program],
      ['filter.evil.smudge', program],
      ['filter.evil.process', program],
      ['filter.evil.required', 'true'],
      ['filter.with blank.clean', program],
      ['credential.helper', `!${program}`],
      ['gpg.program', program],
      ['log.showSignature', 'true'],
      ['remote.origin.uploadpack', program],
      ['remote.origin.vcs', 'ext'],
      ['protocol.ext.allow', 'always'],
      ['protocol.allow', 'always'],
      ['submodule.recurse', 'true'],
      ['fetch.recurseSubmodules', 'true'],
      ['uploadpack.packObjectsHook', program],
      ['alias.fetch', `!${program}`],
    ]
    for (const [name, value] of settings) git(clone, 'config', name, value)
    for (const folder of [join(lab, `hooks-${round}`), join(clone, '.git/hooks')]) {
      await mkdir(folder, { recursive: true })
      for (const hook of [
        'post-index-change',
        'reference-transaction',
        'pre-auto-gc',
        'post-checkout',
        'fsmonitor-watchman',
      ]) {
        await cp(program, join(folder, hook))
      }
    }
    await mkdir(join(clone, '.git/info'), { recursive: true })
    await writeFile(join(clone, '.git/info/attributes'), '*.js filter=evil diff=evil\n*.txt filter="with blank"\n')
    return marker
  }

  /** The time of a file is not that of the index: git looks into it. */
  async function touched(): Promise<void> {
    const past = new Date('2020-01-01')
    await utimes(join(clone, 'app.js'), past, past)
  }

  test('starts nothing, whatever its settings, hooks and attributes name', async () => {
    const marker = await makeHostile()
    await touched()
    const { sha } = await fetchBranch(clone, 'origin', 'main')
    await exported(sha)
    await exportCommit(clone, sha, join(lab, `own-${round}`))
    await proveWhole(clone, sha)
    expect((await commitOf(clone))?.sha).toBe(sha)
    expect(await prefixOf(clone)).toBe('')
    const listed = await listProject(
      {
        directory: clone,
        file: join(clone, 'app.js'),
        composeFiles: [],
        backups: { directory: '' },
      } as unknown as EnvironmentConfig,
      { services: {} },
      [],
    )
    expect(listed).toEqual(['app.js'])
    expect((await scanRepository(clone))?.files).toBe(1)
    await expect(stat(marker)).rejects.toThrow('ENOENT')
  })

  test('can do so: these settings do start programs where nothing is switched off', async () => {
    const marker = await makeHostile()
    await touched()
    spawnSync('git', ['-C', clone, 'status'], { stdio: 'ignore' })
    expect(await readFile(marker, 'utf8')).toContain('evil')
  })

  test('whose filter has a name that can not be switched off has no commit', async () => {
    const marker = await makeHostile()
    git(clone, 'config', 'filter.a=b.clean', join(lab, `evil-${round}`))
    await touched()
    expect(await commitOf(clone)).toBeUndefined()
    await expect(stat(marker)).rejects.toThrow('ENOENT')
  })

  test('whose submodule has settings of its own has no commit, and they start nothing', async () => {
    git(author, 'submodule', '--quiet', 'add', '../remote.git', 'vendor')
    const sha = await commit({})
    git(clone, 'pull', '--quiet')
    expect((await commitOf(clone))?.sha).toBe(sha)
    git(clone, 'submodule', '--quiet', 'update', '--init')
    const marker = await makeHostile()
    git(join(clone, 'vendor'), 'config', 'filter.evil.clean', join(lab, `evil-${round}`))
    expect(await commitOf(clone)).toBeUndefined()
    await expect(stat(marker)).rejects.toThrow('ENOENT')
  })

  test('can not name a program as its address', async () => {
    const marker = await makeHostile()
    git(clone, 'config', 'remote.origin.url', `ext::${join(lab, `evil-${round}`)} %S`)
    await expect(fetchBranch(clone, 'origin', 'main')).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    git(clone, 'config', 'remote.origin.url', '../remote.git')
    git(clone, 'config', `url.ext::${join(lab, `evil-${round}`)}.insteadOf`, '../remote.git')
    await expect(fetchBranch(clone, 'origin', 'main')).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    await expect(stat(marker)).rejects.toThrow('ENOENT')
  })
})

describe('a commit that is not all there', () => {
  test('with a submodule is refused by its name', async () => {
    git(author, 'submodule', '--quiet', 'add', '../remote.git', 'vendor')
    const sha = await commit({ 'shop/app.js': 'x' })
    await fetchBranch(clone, 'origin', 'main')
    await expect(proveWhole(repository(), sha)).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      why: '"vendor": Git keeps only a link to another repository',
    })
    await proveWhole(repository(), sha, 'shop/')
    await expect(proveWhole(repository(), sha, 'gone/')).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })

  test('with files of Git LFS is refused by their names; the setting alone is not', async () => {
    const attributes = { '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n' }
    const small = await commit({ ...attributes, 'a.bin': 'not kept elsewhere' })
    await fetchBranch(clone, 'origin', 'main')
    await proveWhole(repository(), small)
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 5\n'
    const sha = await commit({ 'shop/b $(x).bin': pointer })
    await fetchBranch(clone, 'origin', 'main')
    for (const [folder, shown] of [
      ['', '"shop/b $(x).bin"'],
      ['shop/', '"b $(x).bin"'],
    ] as const) {
      const error = await proveWhole(repository(), sha, folder).catch((thrown: unknown) => thrown)
      if (folder === '')
        expect(error).toMatchObject({
          why: expect.stringContaining(`${shown}: the content is kept by Git LFS`) as unknown,
        })
    }
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
