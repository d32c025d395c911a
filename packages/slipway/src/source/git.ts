import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SlipwayError } from '../support/errors.ts'
import { lastLines, run } from '../support/run.ts'
import type { Commit } from '../release/model.ts'

/** Brings a branch's newest commit to this machine. The work tree is not touched. */
export async function fetchBranch(directory: string, remote: string, branch: string): Promise<Commit> {
  const attempted = `The branch ${branch} could not be fetched from ${remote}`
  await git(directory, ['fetch', '--quiet', '--no-tags', '--end-of-options', remote, `refs/heads/${branch}`], attempted)
  const text = await git(directory, ['log', '-1', '--no-show-signature', '--format=%H%x00%s', 'FETCH_HEAD'], attempted)
  const [sha = '', subject = ''] = text.trimEnd().split('\0')
  return { sha, branch, subject }
}

/** The commit of a folder that is used as it is; undefined when it is no Git work tree or differs from its commit. */
export async function commitOf(directory: string): Promise<Commit | undefined> {
  const status = await run('git', ['-C', directory, 'status', '--porcelain', '--untracked-files=no', '--', '.'])
  if (status.exitCode !== 0 || status.stdout !== '') return undefined
  const head = await run('git', ['-C', directory, 'log', '-1', '--no-show-signature', '--format=%H%x00%s%x00%D', 'HEAD'])
  if (head.exitCode !== 0) return undefined
  const [sha = '', subject = ''] = head.stdout.trimEnd().split('\0')
  const branch = await run('git', ['-C', directory, 'branch', '--show-current'])
  return { sha, branch: branch.stdout.trim(), subject }
}

/** Writes a commit's files to a folder of their own, through an index of their own. */
export async function exportCommit(repository: string, sha: string, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true })
  await mkdir(target, { recursive: true, mode: 0o755 })
  const index = `${target}.index`
  const attempted = `The commit ${sha.slice(0, 12)} could not be written out`
  const top = (await git(repository, ['rev-parse', '--show-toplevel'], attempted)).trimEnd()
  try {
    await git(top, ['read-tree', sha], attempted, { GIT_INDEX_FILE: index })
    await git(top, ['checkout-index', '--all', '--force', `--prefix=${target}/`], attempted, { GIT_INDEX_FILE: index })
  } finally {
    await rm(index, { force: true })
  }
}

/** Where the project lies inside its repository: '' at the top. */
export async function prefixOf(directory: string): Promise<string> {
  const text = await git(directory, ['rev-parse', '--show-prefix'], 'The folder is not in a Git repository')
  return text.trim()
}

async function git(directory: string, argv: string[], attempted: string, environment: Record<string, string> = {}): Promise<string> {
  const result = await run('git', ['-C', directory, ...argv], {
    environment: { GIT_TERMINAL_PROMPT: '0', ...environment },
    timeoutMs: 300_000,
  })
  if (result.exitCode === 0) return result.stdout
  throw new SlipwayError('SOURCE_FAILED', attempted, {
    why: lastLines(result.stderr, 1)[0] ?? `git exited with code ${result.exitCode}`,
    output: lastLines(result.stderr, 8),
    state: 'nothing that runs was touched',
    next: 'Check the remote, the branch and the access rights.',
  })
}

export const sourceFolder = (releaseDirectory: string) => join(releaseDirectory, 'source')
