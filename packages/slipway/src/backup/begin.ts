import { randomBytes } from 'node:crypto'
import { linkSync, openSync, renameSync, type ReadStream } from 'node:fs'
import { open, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackupsConfig } from '../config/model.ts'
import { sha256Line } from '../postgres/dump-file.ts'
import { sizeBytes } from '../postgres/reach.ts'
import type { DatabaseServer } from '../postgres/server.ts'
import { backupApplication, endProgram } from '../postgres/sessions.ts'
import type { BackupFile, BegunBackup, Dump } from '../release/ports.ts'
import { asSlipwayError, SlipwayError } from '../support/errors.ts'
import { errorCode, readLargeFile, syncDirectory, writeAtomically } from '../support/files.ts'
import { holdFile, oneAtATime } from '../support/held-file.ts'
import { unlessAborted } from '../support/unless-aborted.ts'
import { dumpTo, type Dumped } from './dump.ts'
import { ensureWritable } from './folder.ts'
import { backupName, type BackupKind } from './names.ts'
import { claimFolder } from './owner.ts'
import { verifyDump } from './verify.ts'

export interface BackupJob {
  server: DatabaseServer
  database: string
  config: BackupsConfig
  owner: string
  now: () => Date
}

/**
 * Dumps to a partial file, decodes the whole of it to verify it, and gives it its name only when it is kept.
 * Whatever goes wrong: the partial file goes, and every backup that was there stays.
 */
export function beginBackup(job: BackupJob, kind: BackupKind, note: (text: string) => void): BegunBackup {
  const backup = new UnnamedBackup(job, kind)
  const dumping = backup.dump()
  const verified = dumping
    .then(dump => {
      note(`dumped ${sizeText(dump.bytes)}, verifying`)
      return backup.verify(dump)
    })
    .catch(async (error: unknown) => {
      await backup.remove('and end pg_dump')
      throw backupError(job, error)
    })
  const dumped = dumping.then(
    (): Dump => ({ format: job.config.format, read: () => backup.read(), linkTo: name => backup.linkTo(name) }),
  )
  const known = verified.then(() => undefined)
  // Whoever waits for one of them hears of its failure.
  for (const each of [dumped, verified, known]) each.catch(() => undefined)
  let kept: Promise<BackupFile> | undefined
  return {
    dumped,
    verified: known,
    provedBy: restore => backup.provedBy(restore),
    keep() {
      kept ??= verified.then(made => backup.giveName(made))
      return kept
    },
    async discard() {
      if (kept !== undefined) return
      backup.end.abort()
      await verified.catch(() => undefined)
      await backup.remove()
    },
  }
}

interface Made extends Dumped {
  seconds: number
}

class UnnamedBackup {
  readonly end = new AbortController()
  private readonly job: BackupJob
  private readonly kind: BackupKind
  private readonly startedAt: Date
  private readonly began = performance.now()
  private readonly application = `${backupApplication} ${randomBytes(6).toString('hex')}`
  /** Under its partial name, and then under its own. */
  private path = ''
  /** Open, and held, until it has its name and its digest: nobody takes it for abandoned. */
  private handle: FileHandle | undefined
  /** Whether somebody who restores it has come to the end. */
  private restore: Promise<boolean> | undefined

  constructor(job: BackupJob, kind: BackupKind) {
    this.job = job
    this.kind = kind
    this.startedAt = job.now()
  }

  async dump(): Promise<Dumped> {
    const { directory, format } = this.job.config
    const packing = this.isPacked()
    await ensureWritable(directory)
    await claimFolder(directory, this.job.owner)
    this.handle = await this.openHeld()
    const source = { ...this.job, format, packed: await packing, application: this.application }
    return dumpTo(this.handle, source, this.end.signal)
  }

  private async openHeld(): Promise<FileHandle> {
    for (;;) {
      // Two daily backups of a day are dumped side by side; which is kept last is the one of that day.
      this.path = `${await this.freeFile()}.${randomBytes(6).toString('hex')}${partial}`
      const handle = await open(this.path, 'wx', 0o600)
      if (await holdFile(handle)) return handle
      await handle.close()
    }
  }

  /** People wait for a backup before a deployment, and it is kept for a few of them: a small one is not worth the packing. */
  private async isPacked(): Promise<boolean> {
    if (this.kind !== 'pre-deploy' || this.job.config.format === 'plain') return true
    const { server, database, now } = this.job
    const bytes = await sizeBytes({ server, name: database, now }).catch(() => undefined)
    return bytes === undefined || bytes > unpackedBytes
  }

  /** What it does is told from how it ends, perhaps long before anybody asks. */
  provedBy(restore: Promise<unknown>): void {
    this.restore = restore.then(
      () => true,
      () => false,
    )
  }

  async verify(dump: Dumped): Promise<Made> {
    const { server, config } = this.job
    const { restore } = this
    const isRestored =
      restore === undefined ? undefined : () => unlessAborted(restore, this.end.signal).catch(() => false)
    const dumpedAt = performance.now()
    await verifyDump(this.path, { server, format: config.format, sha256: dump.sha256, isRestored }, this.end.signal)
    // A restore that is needed anyway is not what a backup takes.
    const endedAt = restore === undefined ? performance.now() : dumpedAt
    return { ...dump, seconds: (endedAt - this.began) / 1000 }
  }

  /** Opened at once: a moment later it may have another name. */
  read(): ReadStream {
    return readLargeFile(this.path, openSync(this.path, 'r'))
  }

  /** At once, for the same reason. */
  linkTo(name: string): boolean {
    try {
      linkSync(this.path, name)
      return true
    } catch {
      // Another disk, another mount of this one, or one that knows no second names.
      return false
    }
  }

  /** The old digest goes first: between the two renames a backup may lack its digest, but never has a wrong one. */
  async giveName({ bytes, sha256, seconds }: Made): Promise<BackupFile> {
    try {
      const { directory } = this.job.config
      const file = await oneAtATime(directory, async () => {
        const free = await this.freeFile()
        await rm(`${free}.sha256`, { force: true })
        renameSync(this.path, free)
        this.path = free
        await writeAtomically(`${free}.sha256`, sha256Line(sha256, free))
        return free
      })
      await syncDirectory(directory)
      await this.handle?.close()
      return { file, kind: this.kind, takenAt: this.startedAt.toISOString(), bytes, sha256, seconds }
    } catch (error) {
      await this.remove()
      throw backupError(this.job, error)
    }
  }

  async remove(program?: 'and end pg_dump'): Promise<void> {
    await this.handle?.close().catch(() => undefined)
    if (this.path.endsWith(partial)) await rm(this.path, { force: true })
    if (program !== undefined) await endProgram(this.job.server, this.application)
  }

  /** A second one in the same second counts on; a second daily one of a day takes the first one's place. */
  private async freeFile(): Promise<string> {
    const { directory, format } = this.job.config
    for (let second = 0; ; second++) {
      const name = backupName(this.kind, new Date(this.startedAt.getTime() + second * 1000), format)
      const file = join(directory, name)
      if (this.kind === 'daily' || (await stat(file).catch(() => undefined)) === undefined) return file
    }
  }
}

const partial = '.partial'
/** Of the database. Measured: a dump is two thirds of it, and packed little more than one. */
const unpackedBytes = 256_000_000

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
