import { spawnSync } from 'node:child_process'
import { cp, mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EnvironmentConfig } from '../../src/config/model.ts'
import { scanRepository } from '../../src/secrets/scan/repository.ts'
import { exportCommit, proveWhole } from '../../src/source/export.ts'
import { commitOf, prefixOf } from '../../src/source/git.ts'
import { listProject } from '../../src/source/listing.ts'
import { author, clone, commit, exported, fetchBranch, git, lab, round } from './git-lab.ts'

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
