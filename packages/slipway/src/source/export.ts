import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { SlipwayError } from '../support/errors.ts'
import { runGit } from '../support/git.ts'
import { gitText, oneLine, sourceFailed } from './git-answers.ts'
import { exportSettings, isFullCommit, ownSettings } from './git-argv.ts'
import { makeRepository } from './repository.ts'

/**
 * Writes the files of a commit, or of one folder in it, to a folder of their own. Only the objects are the repository's:
 * neither its configuration, its index, its work tree nor its attributes there have a say. Submodules are left as empty
 * folders, and what a filter would make of a file stays unmade: `proveWhole` tells.
 */
export async function exportCommit(repository: string, sha: string, target: string, folder = ''): Promise<void> {
  const attempted = `The commit ${sha.slice(0, 12)} could not be written out`
  if (!isFullCommit(sha)) throw sourceFailed(attempted, { why: 'that is not the full name of a commit' })
  await rm(target, { recursive: true, force: true })
  await mkdir(target, { recursive: true, mode: 0o755 })
  const objects = oneLine(
    await gitText(repository, ['rev-parse', '--git-path', 'objects'], attempted, { settings: ownSettings }),
  )
  const scratch = await mkdtemp(join(dirname(target), '.index-'))
  try {
    const own = join(scratch, 'own')
    await makeRepository(own, sha.length)
    const variables = {
      GIT_DIR: own,
      GIT_WORK_TREE: target,
      GIT_INDEX_FILE: join(scratch, 'index'),
      GIT_OBJECT_DIRECTORY: resolve(repository, objects),
      ...withoutPerson(scratch),
    }
    const argv = ['read-tree', '--reset', '-u', '--no-recurse-submodules', treeOf(sha, folder)]
    await gitText(target, argv, attempted, { variables, settings: exportSettings, timeoutMs: 300_000 })
  } catch (error) {
    // Git does not say why it could not write.
    throw (await isFull(target)) ? diskFull(attempted, error) : error
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Throws when a commit holds less than its files: what else belongs to them lies elsewhere and would be missing. */
export async function proveWhole(repository: string, sha: string, folder = ''): Promise<void> {
  const attempted = `The commit ${sha.slice(0, 12)} can not be deployed`
  const tree = treeOf(sha, folder)
  const listed = await gitText(repository, ['ls-tree', '-r', '-z', '--full-tree', tree], attempted, {
    settings: ownSettings,
  })
  const entries = listed.split('\0').filter(line => line !== '')
  const modules = entries.filter(line => line.startsWith('160000 ')).map(pathOf)
  if (modules.length > 0) throw notWhole(attempted, `${shown(modules)}: Git keeps only a link to another repository`)
  if (!entries.some(line => /(^|\/)\.gitattributes$/.test(pathOf(line)))) return
  // Only what Git LFS left behind begins so.
  const pointer = '^version https://git-lfs[.]github[.]com/spec/'
  const found = await runGit(repository, ['grep', '-l', '-z', '-I', '-e', pointer, tree, '--', '.'], {
    settings: ownSettings,
  })
  const files = found.stdout.split('\0').filter(line => line !== '')
  if (files.length > 0) {
    const paths = files.map(file => file.slice(tree.length).replace(/^[:/]/, ''))
    throw notWhole(attempted, `${shown(paths)}: the content is kept by Git LFS, and Git itself has only a note of it`)
  }
}

const treeOf = (sha: string, folder: string): string => (folder === '' ? sha : `${sha}:${folder.replace(/\/$/, '')}`)

const pathOf = (line: string): string => line.slice(line.indexOf('\t') + 1)

function shown(paths: readonly string[]): string {
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : ''
  return `${paths
    .slice(0, 3)
    .map(path => JSON.stringify(path.slice(0, 100)))
    .join(', ')}${more}`
}

function notWhole(attempted: string, why: string): SlipwayError {
  return sourceFailed(attempted, {
    why,
    next: 'Check it out with all that belongs to it, leave out `source` for this environment, and deploy the folder.',
  })
}

/** What a person set up for their own work is no part of a commit. */
function withoutPerson(home: string): Record<string, string> {
  return {
    HOME: home,
    XDG_CONFIG_HOME: home,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
  }
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

export const sourceFolder = (releaseDirectory: string) => join(releaseDirectory, 'source')
