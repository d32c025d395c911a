import { join } from 'node:path'
import { SlipwayError } from '../support/errors.ts'
import { createAtomically, readIfPresent } from '../support/files.ts'

/**
 * A folder of backups belongs to the environment that used it first. The names of backups tell their day, not whose they
 * are: two environments in one folder would replace each other's, and count each other's when old ones go.
 */
export async function claimFolder(directory: string, owner: string): Promise<void> {
  const file = join(directory, ownerFile)
  // Once it is claimed nothing is written any more, and nothing can be left half written.
  if ((await readIfPresent(file)) === undefined) await createAtomically(file, `${owner}\n`)
  await proveOwn(directory, owner)
}

/** Fails where another environment has its backups. A folder that nobody has claimed is anybody's. */
export async function proveOwn(directory: string, owner: string): Promise<void> {
  const file = join(directory, ownerFile)
  const found = (await readIfPresent(file))?.trim()
  if (found === undefined || found === owner) return
  throw new SlipwayError('BACKUP_FAILED', `The folder ${directory} is not for the backups of ${owner}`, {
    why: `it holds those of ${found.slice(0, 100)}`,
    state: 'nothing was changed',
    next: `Give each environment a folder of its own (backups.directory). If ${found.slice(0, 100)} has become ${owner}, remove ${file}.`,
  })
}

/** Pure. Whether it is what a claim left that was killed while it wrote. */
export function isHalfClaim(name: string): boolean {
  return name.startsWith(`${ownerFile}.`) && /\.[0-9a-f]{12}\.partial$/.test(name)
}

const ownerFile = '.slipway-backups-of'
