import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Commit } from '../release/model.ts'
import { withoutFilters } from '../support/git-argv.ts'
import { runGit } from '../support/git.ts'
import { gitText, oneLine } from './git-answers.ts'
import { subjectOf } from './git-argv.ts'

/** What the clone in which a person works tells. */

/** The commit of a folder that is used as it is; undefined when it is no Git work tree or differs from its commit. */
export async function commitOf(directory: string): Promise<Commit | undefined> {
  const settings = await filtersOff(directory)
  if (settings === undefined || (await hasOpenSubmodule(directory))) return undefined
  const argv = ['status', '--porcelain', '--untracked-files=normal', '--ignore-submodules=dirty', '--', '.']
  const status = await runGit(directory, argv, { settings, timeoutMs: 300_000 })
  if (status.exitCode !== 0 || status.stdout !== '') return undefined
  const branch = await runGit(directory, ['branch', '--show-current'])
  return commitAt(directory, 'HEAD', branch.stdout.trim(), 'The commit could not be read').catch(() => undefined)
}

/** Where the project lies inside its repository: '' at the top. */
export async function prefixOf(directory: string): Promise<string> {
  return oneLine(await gitText(directory, ['rev-parse', '--show-prefix'], 'The folder is not in a Git repository'))
}

/** The address of a remote of the clone, as git itself would use it. */
export async function remoteAddress(directory: string, remote: string): Promise<string> {
  const attempted = `The remote ${remote} could not be looked up`
  return oneLine(await gitText(directory, ['ls-remote', '--get-url', '--end-of-options', remote], attempted))
}

export async function commitAt(
  directory: string,
  revision: string,
  branch: string,
  attempted: string,
  settings: readonly string[] = [],
): Promise<Commit> {
  const argv = ['log', '-1', '--no-patch', '--encoding=UTF-8', '--format=%H%x00%s', revision, '--']
  const [sha = '', subject = ''] = (await gitText(directory, argv, attempted, { settings })).trimEnd().split('\0')
  return { sha, branch, subject: subjectOf(subject) }
}

/** To see whether a file differs, git runs what the repository's own configuration names as its filter. */
async function filtersOff(directory: string): Promise<string[] | undefined> {
  const listed = await runGit(directory, ['config', '--list', '--show-scope', '--name-only', '-z'])
  return listed.exitCode === 0 ? withoutFilters(listed.stdout) : undefined
}

/** A submodule that is checked out has a configuration of its own: git is not let into it, so nobody knows of its changes. */
async function hasOpenSubmodule(directory: string): Promise<boolean> {
  const listed = await runGit(directory, ['ls-files', '-z', '--stage', '--', '.'])
  const modules = listed.stdout.split('\0').filter(line => line.startsWith('160000 '))
  for (const line of modules) {
    const inside = join(directory, line.slice(line.indexOf('\t') + 1), '.git')
    if (await lstat(inside).then(Boolean, () => false)) return true
  }
  return false
}
