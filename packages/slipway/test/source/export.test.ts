import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exportCommit, proveWhole } from '../../src/source/export.ts'
import { author, clone, commit, exported, fetchBranch, git, lab, remote, repository, round } from './git-lab.ts'

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
