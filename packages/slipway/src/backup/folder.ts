import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackupsConfig } from '../config/model.ts'
import { notedSha256 } from '../postgres/dump-file.ts'
import type { BackupFile } from '../release/ports.ts'
import { SlipwayError } from '../support/errors.ts'
import { errorCode, isMissing, syncDirectory } from '../support/files.ts'
import { removeAbandoned } from './abandoned.ts'
import { parseBackupName, trialName } from './names.ts'
import { expired } from './retention.ts'

/** The backups in the folder, newest first. Files of other names are none of Slipway's. */
export async function listBackups(directory: string): Promise<BackupFile[]> {
  const found = await Promise.all((await namesIn(directory)).map(name => describe(directory, name)))
  return found
    .filter(backup => backup !== undefined)
    .sort((a, b) => b.takenAt.localeCompare(a.takenAt) || b.file.localeCompare(a.file))
}

/** Removes what the policy no longer keeps, and what backups that were cut off left behind. Returns the files. */
export async function pruneBackups(config: BackupsConfig, now: Date): Promise<string[]> {
  const { directory } = config
  const known = (await namesIn(directory)).flatMap(name => {
    const parsed = parseBackupName(name)
    return parsed === undefined ? [] : [{ name, ...parsed }]
  })
  const verified = await Promise.all(
    known.map(async backup => ({ ...backup, verified: await isVerified(join(directory, backup.name)) })),
  )
  const gone = expired(verified, config, now).map(name => join(directory, name))
  for (const file of gone) {
    await rm(file, { force: true })
    await rm(`${file}.sha256`, { force: true })
  }
  await removeAbandoned(directory, now)
  if (gone.length > 0) await syncDirectory(directory)
  return gone
}

/** Makes the folder, for its owner's eyes only, and proves that a file can be written in it. */
export async function ensureWritable(directory: string): Promise<void> {
  const trial = join(directory, trialName())
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await (await open(trial, 'w', 0o600)).close()
    await rm(trial, { force: true })
  } catch (error) {
    throw new SlipwayError('BACKUP_FAILED', `The folder for backups ${directory} can not be written`, {
      why: errorCode(error) === 'ENOSPC' ? 'the disk is full' : error instanceof Error ? error.message : String(error),
      state: 'nothing was changed',
      next: nextFor(errorCode(error), directory),
      cause: error,
    })
  }
}

/** Whether the digest of the verified dump is noted next to it, and the dump is not empty. */
async function isVerified(file: string): Promise<boolean> {
  return (await notedSha256(file)) !== undefined && (await stat(file)).size > 0
}

function nextFor(code: string | undefined, directory: string): string {
  if (code === 'ENOSPC') return 'Free some space, then run this again.'
  if (code === 'EROFS') return 'The file system is mounted read-only: name another folder in backups.directory.'
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return 'A part of this path is a file: name another folder in backups.directory.'
  const user = process.getuid?.() ?? 0
  return `Run: sudo mkdir -p ${quoted(directory)} && sudo chown ${user}:${process.getgid?.() ?? user} ${quoted(directory)}`
}

/** For a person to copy; never run from here. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}

async function describe(directory: string, name: string): Promise<BackupFile | undefined> {
  const parsed = parseBackupName(name)
  if (parsed === undefined) return undefined
  const file = join(directory, name)
  const status = await stat(file).catch(() => undefined)
  if (status === undefined) return undefined
  const { kind } = parsed
  // A daily backup's name has no time; the file has.
  const takenAt = kind === 'daily' && sameDay(status.mtime, parsed.takenAt) ? status.mtime : parsed.takenAt
  return {
    file,
    kind,
    takenAt: takenAt.toISOString(),
    bytes: status.size,
    sha256: (await notedSha256(file)) ?? '',
    seconds: 0,
  }
}

function sameDay(a: Date, b: Date): boolean {
  return a.toISOString().slice(0, 10) === b.toISOString().slice(0, 10)
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    return entries.filter(entry => entry.isFile()).map(entry => entry.name)
  } catch (error) {
    if (isMissing(error)) return []
    throw new SlipwayError('BACKUP_FAILED', `The folder for backups ${directory} can not be read`, {
      why: error instanceof Error ? error.message : String(error),
      next: nextFor(errorCode(error), directory),
      cause: error,
    })
  }
}
