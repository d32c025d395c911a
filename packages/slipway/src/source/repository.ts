import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Commit } from '../release/model.ts'
import { SlipwayError } from '../support/errors.ts'
import { isMissing, writeAtomically } from '../support/files.ts'
import { lockTaken, runGit } from '../support/git.ts'
import { run, type RunResult } from '../support/run.ts'
import { commitAt } from './git.ts'
import { gitText, sourceFailed } from './git-answers.ts'
import {
  fetchArgv,
  isFullCommit,
  ownSettings,
  referenceOf,
  repositoryConfig,
  wholeDepth,
  type Wanted,
} from './git-argv.ts'
import { fetchFailure, type Origin } from './git-origin.ts'

/**
 * Brings one commit from where code comes from to a repository of Slipway's own. That is bare, as shallow as can be and
 * set up by us alone, so that nothing that somebody wrote into a clone has a say in what is run. It is a cache: when it
 * is damaged it is made anew.
 */
export async function fetchCommit(
  repository: string,
  origin: Origin,
  wanted: Wanted,
  signal?: AbortSignal,
): Promise<Commit> {
  const what = wanted.commit === undefined ? `branch ${wanted.branch}` : `commit ${wanted.commit.slice(0, 12)}`
  const attempted = `The ${what} could not be fetched from ${origin.address}`
  await makeRepository(repository)
  await proveName(repository, wanted, attempted)
  const fetch = (argv = fetchArgv(origin.address, wanted)): Promise<RunResult> =>
    runGit(origin.directory ?? repository, argv, {
      protocols: origin.protocols,
      variables: { ...origin.variables, GIT_DIR: repository },
      under: lockOf(repository),
      timeoutMs: longestFetchMs,
      ...(signal === undefined ? {} : { signal }),
    })
  let result = await fetch()
  for (const mend of [removeLeftLocks, removeAll]) {
    if (result.exitCode === 0 || !(await mend(repository, result.stderr))) continue
    await makeRepository(repository)
    result = await fetch()
  }
  if (wanted.commit !== undefined && /unadvertised object/i.test(result.stderr)) {
    // Such a host gives out branches alone: all of it, then, and the commit out of that.
    const whole = await fetch(fetchArgv(origin.address, { branch: wanted.branch }, wholeDepth))
    const named = ['update-ref', referenceOf(wanted), wanted.commit]
    if (whole.exitCode !== 0) result = whole
    else if ((await runGit(repository, named, { settings: ownSettings })).exitCode === 0) result = whole
  }
  if (result.exitCode !== 0 && signal?.aborted === true) {
    throw new SlipwayError('INTERRUPTED', 'Interrupted while the code was fetched', { state: 'nothing was changed' })
  }
  if (result.exitCode === lockTaken) {
    throw sourceFailed(attempted, {
      why: 'another one is fetched for this environment, and takes long',
      next: 'Wait until it has ended.',
    })
  }
  if (result.exitCode !== 0) throw fetchFailure(attempted, origin, wanted, result)
  // Which branches a commit is on, nobody has told us.
  return commitAt(
    repository,
    referenceOf(wanted),
    wanted.commit === undefined ? wanted.branch : '',
    attempted,
    ownSettings,
  )
}

/** What is there already stays. Its `HEAD` is written last: without it, it is none. */
export async function makeRepository(folder: string, nameLength?: number): Promise<void> {
  if (await isThere(join(folder, 'HEAD'))) return
  await mkdir(join(folder, 'objects'), { recursive: true, mode: 0o700 })
  await mkdir(join(folder, 'refs'), { recursive: true, mode: 0o700 })
  // Another one may make it at the same time and run git on it: neither file is ever seen half written.
  await writeAtomically(join(folder, 'config'), repositoryConfig(nameLength))
  await writeAtomically(join(folder, 'HEAD'), 'ref: refs/heads/none\n')
}

/** A repository of many gigabytes over a slow line; one on which nothing moves is given up sooner. */
const longestFetchMs = 30 * 60_000

/** Beside it, as what is in it may be removed. */
const lockOf = (repository: string): string => `${repository}.lock`

async function proveName(repository: string, { branch, commit }: Wanted, attempted: string): Promise<void> {
  if (commit !== undefined && !isFullCommit(commit)) {
    throw sourceFailed(attempted, {
      why: 'that is not the full name of a commit',
      next: 'Give all 40 digits: git rev-parse HEAD',
    })
  }
  const meaning = 'it is no name of a branch'
  await gitText(repository, ['check-ref-format', `refs/heads/${branch}`], attempted, { meaning, settings: ownSettings })
}

/** Git's own locks are files, and one that was killed leaves them. Under the kernel's lock none of them is anybody's. */
async function removeLeftLocks(repository: string, said: string): Promise<boolean> {
  if (!/\.lock['"]?: File exists|another git process/i.test(said)) return false
  const names = await readdir(repository, { recursive: true })
  const left = names.filter(name => name.endsWith('.lock')).map(name => join(repository, name))
  return left.length > 0 && remove(repository, left)
}

async function removeAll(repository: string, said: string): Promise<boolean> {
  if (!damage.test(said)) return false
  return remove(repository, await readdir(repository).then(names => names.map(name => join(repository, name))))
}

const damage =
  /bad object|object file .* is empty|loose object .* is corrupt|unable to read tree|unable to parse|not a git repository: '|bad (config|tree)|packfile .* (is|cannot)|index file corrupt|broken|invalid sha1 pointer|did not send all necessary objects|bad shallow|inflate|missing (blob|tree|commit)/i

async function remove(repository: string, paths: readonly string[]): Promise<boolean> {
  const argv = ['--timeout', '600', lockOf(repository), 'rm', '-rf', '--', ...paths]
  return (await run('flock', argv, { timeoutMs: 610_000 })).exitCode === 0
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
