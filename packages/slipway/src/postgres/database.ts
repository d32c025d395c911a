import type { Database } from '../release/ports.ts'
import { compare } from './compare.ts'
import { readState } from './catalog.ts'
import { forgetFailedMigration } from './failed-migration.ts'
import { fence, liftFence, prepareFence } from './fence.ts'
import { dropLeftBehind, leftBehind, putBackSnapshot } from './left-behind.ts'
import { proveMigrated } from './ledger.ts'
import { withLockGuard } from './lock-watch.ts'
import { proveLogin } from './login.ts'
import { isReachable, sizeBytes } from './reach.ts'
import { restoreBackup } from './restore.ts'
import type { DatabaseServer, LiveDatabase } from './server.ts'
import { snapshot } from './snapshot.ts'
import { swapIn } from './swap.ts'

export interface PostgresOptions extends DatabaseServer {
  /** The live database. */
  name: string
  now?: () => Date
}

/** The `Database` port on a PostgreSQL that runs as a container of the Docker Engine. */
export function postgresDatabase(options: PostgresOptions): Database {
  const live: LiveDatabase = { server: options, name: options.name, now: options.now ?? (() => new Date()) }
  return {
    name: live.name,
    reachable: () => isReachable(live),
    proveLogin: () => proveLogin(live),
    state: () => readState(live),
    compare,
    proveMigrated: (release, config) => proveMigrated(live, release, config),
    withLockGuard: (networks, limitMs, act) => withLockGuard(live, networks, limitMs, act),
    forgetFailedMigration: (before, after) => forgetFailedMigration(live, before, after),
    sizeBytes: () => sizeBytes(live),
    prepareFence: allowed => prepareFence(live, allowed),
    fence: allowed => fence(live, allowed),
    liftFence: () => liftFence(live),
    snapshot: label => snapshot(live, label),
    swapIn: (replacement, label) => swapIn(live, replacement, label),
    restoreBackup: (origin, label) => restoreBackup(live, origin.file, label),
    leftBehind: () => leftBehind(live),
    drop: database => dropLeftBehind(live, database),
    putBack: (database, snapshot) => putBackSnapshot(live, database, snapshot),
  }
}
