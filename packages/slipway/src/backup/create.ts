import { randomBytes } from 'node:crypto'
import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackupsConfig } from '../config/model.ts'
import { sha256Line } from '../postgres/dump-file.ts'
import type { DatabaseServer } from '../postgres/server.ts'
import { endProgram } from '../postgres/sessions.ts'
import type { BackupFile } from '../release/ports.ts'
import { asSlipwayError, SlipwayError } from '../support/errors.ts'
import { errorCode, syncDirectory, writeAtomically } from '../support/files.ts'
import { dumpTo } from './dump.ts'
import { ensureWritable } from './folder.ts'
import { backupName, type BackupKind } from './names.ts'
import { verifyDump } from './verify.ts'

export interface BackupJob {
  server: DatabaseServer
  database: string
  config: BackupsConfig
  now: () => Date
}

/**
 * Dumps to a partial file, decodes the whole of it to verify it, and only then gives it its name.
 * Whatever goes wrong: the partial file goes, and every backup that was there stays.
 */
export async function createBackup(
  job: BackupJob,
  kind: BackupKind,
  note: (text: string) => void,
): Promise<BackupFile> {
  const { directory, format } = job.config
  await ensureWritable(directory)
  const startedAt = job.now()
  const began = performance.now()
  const file = join(directory, await freeName(job, kind, startedAt))
  const partial = `${file}.partial`
  const application = `slipway backup ${randomBytes(6).toString('hex')}`
  try {
    await rm(partial, { force: true })
    const { bytes, sha256 } = await dumpTo(partial, job.server, job.database, format, application)
    note(`dumped ${sizeText(bytes)}, verifying`)
    await verifyDump(partial, job.server, format, sha256)
    await giveName(partial, file, sha256)
    const seconds = (performance.now() - began) / 1000
    return { file, kind, takenAt: startedAt.toISOString(), bytes, sha256, seconds }
  } catch (error) {
    await rm(partial, { force: true })
    await endProgram(job.server, application)
    throw backupError(job, error)
  }
}

/** A second one in the same second counts on; a second daily one of a day takes the first one's place. */
async function freeName(job: BackupJob, kind: BackupKind, takenAt: Date): Promise<string> {
  for (let second = 0; ; second++) {
    const name = backupName(kind, new Date(takenAt.getTime() + second * 1000), job.config.format)
    if (kind === 'daily' || (await stat(join(job.config.directory, name)).catch(() => undefined)) === undefined)
      return name
  }
}

/** The old digest goes first: between the two renames a backup may lack its digest, but never has a wrong one. */
async function giveName(partial: string, file: string, sha256: string): Promise<void> {
  await rm(`${file}.sha256`, { force: true })
  await rename(partial, file)
  await writeAtomically(`${file}.sha256`, sha256Line(sha256, file))
  await syncDirectory(join(file, '..'))
}

function backupError(job: BackupJob, thrown: unknown): SlipwayError {
  const known = asSlipwayError(thrown, 'The dump could not be written', 'BACKUP_FAILED')
  const full = errorCode(known.cause) === 'ENOSPC' || errorCode(thrown) === 'ENOSPC'
  return new SlipwayError('BACKUP_FAILED', `The database ${job.database} could not be backed up`, {
    why: full ? `the disk of ${job.config.directory} is full` : [known.message, known.why].filter(Boolean).join(': '),
    state: 'the unfinished file was removed; earlier backups are as they were',
    next: full ? 'Free some space, then run this again.' : known.next,
    cause: thrown,
  })
}

function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}
