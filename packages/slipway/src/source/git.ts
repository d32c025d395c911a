import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SlipwayError } from '../support/errors.ts'
import { lastLines, run, type RunResult } from '../support/run.ts'
import { redactor } from '../support/redact.ts'
import type { Commit } from '../release/model.ts'
import { readingVariables } from '../support/git-variables.ts'
import { exportSettings, fetchArgv, privateRef, subjectOf } from './git-argv.ts'

/** Brings a branch's newest commit to this machine. The work tree and the repository's branches are not touched. */
export async function fetchBranch(directory: string, remote: string, branch: string): Promise<Commit> {
  const attempted = `The branch ${branch} could not be fetched from ${remote}`
  await git(directory, ['check-ref-format', `refs/heads/${branch}`], attempted, 'it is no name of a branch')
  await git(directory, fetchArgv(remote, branch), attempted)
  return commitAt(directory, privateRef(branch), branch, attempted)
}

/** The commit of a folder that is used as it is; undefined when it is no Git work tree or differs from its commit. */
export async function commitOf(directory: string): Promise<Commit | undefined> {
  const status = await runGit(directory, ['status', '--porcelain', '--untracked-files=normal', '--', '.'])
  if (status.exitCode !== 0 || status.stdout !== '') return undefined
  const branch = await runGit(directory, ['branch', '--show-current'])
  return commitAt(directory, 'HEAD', branch.stdout.trim(), 'The commit could not be read').catch(() => undefined)
}

/**
 * Writes a commit's files to a folder of their own, through an index of their own: neither the repository's index, its
 * work tree nor its attributes there have a say. Submodules are left as empty folders.
 */
export async function exportCommit(repository: string, sha: string, target: string): Promise<void> {
  const attempted = `The commit ${sha.slice(0, 12)} could not be written out`
  if (!/^[0-9a-f]{40,64}$/.test(sha)) throw failure(attempted, 'that is not the full name of a commit')
  await rm(target, { recursive: true, force: true })
  await mkdir(target, { recursive: true, mode: 0o755 })
  const folder = oneLine(await git(repository, ['rev-parse', '--absolute-git-dir'], attempted))
  const scratch = await mkdtemp(join(dirname(target), '.index-'))
  try {
    const environment = { GIT_DIR: folder, GIT_WORK_TREE: target, GIT_INDEX_FILE: join(scratch, 'index') }
    const argv = [...exportSettings, 'read-tree', '--reset', '-u', '--no-recurse-submodules', sha]
    await git(target, argv, attempted, undefined, environment)
  } catch (error) {
    // Git does not say why it could not write.
    throw (await isFull(target)) ? diskFull(attempted, error) : error
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Where the project lies inside its repository: '' at the top. */
export async function prefixOf(directory: string): Promise<string> {
  return oneLine(await git(directory, ['rev-parse', '--show-prefix'], 'The folder is not in a Git repository'))
}

export const sourceFolder = (releaseDirectory: string) => join(releaseDirectory, 'source')

async function commitAt(directory: string, revision: string, branch: string, attempted: string): Promise<Commit> {
  const argv = ['log', '-1', '--no-show-signature', '--encoding=UTF-8', '--format=%H%x00%s', revision, '--']
  const [sha = '', subject = ''] = (await git(directory, argv, attempted)).trimEnd().split('\0')
  return { sha, branch, subject: subjectOf(subject) }
}

async function git(
  directory: string,
  argv: readonly string[],
  attempted: string,
  meaning?: string,
  environment: Record<string, string> = {},
): Promise<string> {
  const result = await runGit(directory, argv, environment)
  if (result.exitCode === 0) return result.stdout
  throw failure(attempted, meaning ?? causeOf(result), lastLines(result.stderr, 8))
}

function runGit(directory: string, argv: readonly string[], environment: Record<string, string> = {}) {
  return run('git', ['-C', directory, ...argv], {
    environment: {
      ...readingVariables,
      GIT_TERMINAL_PROMPT: '0',
      ...environment,
    },
    timeoutMs: 300_000,
  })
}

/** Git says what is wrong first and ends with advice. */
function causeOf(result: RunResult): string {
  if (result.timedOut) return 'git did not end in time'
  const lines = lastLines(result.stderr, 30)
  const cause = lines.find(line => /^(fatal|error): /.test(line)) ?? lines.at(-1)
  return cause ?? `git exited with code ${result.exitCode}`
}

/** An address may hold a token, and git repeats the address. */
function failure(attempted: string, why: string, output: string[] = []): SlipwayError {
  return redactor([]).error(
    new SlipwayError('SOURCE_FAILED', attempted, {
      why,
      output,
      state: 'nothing that runs was touched',
      next: 'Check the remote, the branch and the access rights.',
    }),
  )
}

async function isFull(folder: string): Promise<boolean> {
  const { bavail, bsize, files, ffree } = await statfs(folder)
  return bavail * bsize < 64 * 1024 || (files > 0 && ffree === 0)
}

function diskFull(attempted: string, cause: unknown): SlipwayError {
  return new SlipwayError('DISK_FULL', attempted, {
    why: 'the disk is full',
    state: 'nothing that runs was touched',
    next: 'Free some disk space and deploy again.',
    cause,
  })
}

/** Git ends its answer with one line break; a folder's name may end with another. */
function oneLine(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text
}
