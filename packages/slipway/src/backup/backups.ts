import type { BackupsConfig } from '../config/model.ts'
import type { DatabaseServer } from '../postgres/server.ts'
import type { Backups } from '../release/ports.ts'
import { beginBackup, type BackupJob } from './begin.ts'
import { listBackups, pruneBackups } from './folder.ts'

export interface BackupsOptions extends DatabaseServer {
  /** The live database. */
  name: string
  config: BackupsConfig
  now?: () => Date
}

/** The `Backups` port on a folder of this machine: dumps by the `pg_dump` of the database's own container. */
export function fileBackups(options: BackupsOptions): Backups {
  const now = options.now ?? (() => new Date())
  const job: BackupJob = { server: options, database: options.name, config: options.config, now }
  return {
    create: (kind, note) => beginBackup(job, kind, note).keep(),
    begin: (kind, note) => beginBackup(job, kind, note),
    list: () => listBackups(options.config.directory),
    prune: () => pruneBackups(options.config, now()),
  }
}
