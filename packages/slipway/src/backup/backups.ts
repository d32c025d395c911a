import type { BackupsConfig } from '../config/model.ts'
import type { DatabaseServer } from '../postgres/server.ts'
import type { Backups } from '../release/ports.ts'
import { beginBackup, type BackupJob } from './begin.ts'
import { listBackups, pruneBackups } from './folder.ts'
import { proveOwn } from './owner.ts'

export interface BackupsOptions extends DatabaseServer {
  /** The live database. */
  name: string
  config: BackupsConfig
  /** Whose they are: the project of the environment. */
  owner: string
  now?: () => Date
}

/** The `Backups` port on a folder of this machine: dumps by the `pg_dump` of the database's own container. */
export function fileBackups(options: BackupsOptions): Backups {
  const now = options.now ?? (() => new Date())
  const { config, owner } = options
  const job: BackupJob = { server: options, database: options.name, config, owner, now }
  return {
    create: (kind, note) => beginBackup(job, kind, note).keep(),
    begin: (kind, note) => beginBackup(job, kind, note),
    list: () => proveOwn(config.directory, owner).then(() => listBackups(config.directory)),
    prune: () => proveOwn(config.directory, owner).then(() => pruneBackups(config, now())),
  }
}
