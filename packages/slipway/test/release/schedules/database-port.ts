import { SlipwayError } from '../../../src/support/errors.ts'
import type { BackupFile, Backups, Database, Rehearsals } from '../../../src/release/ports.ts'
import { compareStates, live } from './databases.ts'
import { livesWith } from './image.ts'
import type { SlipwayProcess } from './process.ts'

/** PostgreSQL on the simulated server. */
export function simulatedDatabase(process: SlipwayProcess): Database {
  const { server } = process
  const { databases } = server
  const at = () => server.time.date().toISOString()
  return {
    name: live,
    reachable: () => process.call('database.reachable', () => databases.get(live) !== undefined),
    proveLogin: () => process.call('database.proveLogin', () => undefined),
    state: () => process.call('database.state', () => databases.state()),
    compare: compareStates,
    proveMigrated: release =>
      process.call('database.proveMigrated', () => {
        const own = server.images.get(release.id)?.migrations ?? []
        const database = databases.get(live)
        const missing = own.find(({ id }) => database?.applied.has(id) !== true || database.half.has(id))
        if (missing !== undefined) throw new SlipwayError('MIGRATION_FAILED', `${missing.id} was not applied`)
      }),
    async withLockGuard(_networks, _limitMs, act) {
      await process.call('database.withLockGuard', () => undefined)
      return { result: await act(), cancelled: 0 }
    },
    forgetFailedMigration: (before, after) =>
      process.call('database.forgetFailedMigration', () => before.fingerprint === after.fingerprint),
    sizeBytes: () => process.call('database.sizeBytes', () => 1),
    prepareFence: () => process.call('database.prepareFence', () => undefined),
    fence: allowed => process.call('database.fence', () => void (server.common.fence = new Set(allowed))),
    liftFence: () => process.call('database.liftFence', () => void (server.common.fence = undefined)),
    snapshot: label =>
      process.call('database.snapshot', () => {
        const name = databases.snapshot(label, at())
        server.copies.set(name, server.lastWrite)
        return name
      }),
    swapIn: (replacement, label) => process.call('database.swapIn', () => databases.swapIn(replacement, label, at())),
    restoreBackup: (origin, label) =>
      process.call('database.restoreBackup', () => databases.restore(origin.file, label, at())),
    leftBehind: () => process.call('database.leftBehind', () => databases.leftBehind()),
    drop: name => process.call('database.drop', () => databases.drop(name)),
    putBack: (name, snapshot) => process.call('database.putBack', () => databases.putBack(name, snapshot, at())),
  }
}

export function simulatedBackups(process: SlipwayProcess): Backups {
  const { server } = process
  const { backups, copies, databases, time, unnamedBackups } = server
  const dump = (kind: BackupFile['kind']): BackupFile => {
    const file = `/backups/${String(++server.dumps)}.dump`
    databases.dump(file)
    copies.set(file, server.lastWrite)
    return { file, kind, takenAt: time.date().toISOString(), bytes: 1, sha256: '', seconds: 0 }
  }
  return {
    create: kind =>
      process.call('backups.create', () => {
        const backup = dump(kind)
        backups.push(backup)
        return backup
      }),
    begin(kind) {
      let file = ''
      const dumped = process.call('backups.begin', () => {
        const backup = dump(kind)
        file = backup.file
        unnamedBackups.add(file)
        return backup
      })
      const verify = async (backup: BackupFile): Promise<BackupFile> => {
        await process.sleep(verifyMs)
        return process.call('backups.verify', () => backup)
      }
      const verified = dumped.then(verify)
      verified.catch(() => undefined)
      return {
        dumped: dumped.then(() => ({ format: 'custom', read: noBytes })),
        verified: verified.then(() => undefined),
        async keep() {
          const backup = await verified
          return process.call('backups.keep', () => {
            if (unnamedBackups.delete(backup.file)) backups.push(backup)
            return backup
          })
        },
        async discard() {
          await verified.catch(() => undefined)
          await process.call('backups.discard', () => void unnamedBackups.delete(file))
        },
      }
    },
    list: () => process.call('backups.list', () => backups),
    prune: () => process.call('backups.prune', () => []),
  }
}

/**
 * A rehearsal tells the truth about the schema, and about the migrator unless the release's copy goes too well. What
 * goes on beside the deployment takes its time: long enough to be met by any step, and by its end.
 */
export function simulatedRehearsals(process: SlipwayProcess): Rehearsals {
  const { server } = process
  let making = false
  return {
    async prepare() {
      await process.call('rehearsals.prepare', () => void (server.rehearsing = true))
      await process.sleep(prepareMs)
    },
    async fill() {
      await process.sleep(fillMs)
      return process.call('rehearsals.fill', () => fillMs / 1000)
    },
    async makeReady() {
      making = true
      await process.sleep(prepareMs)
      await process.call('rehearsals.makeReady', () => undefined).finally(() => (making = false))
    },
    async run({ release, filled, meanwhile }) {
      await filled
      await process.call('rehearsals.watch', () => meanwhile?.())
      return process.call('rehearsals.run', () => {
        if (server.unnamedBackups.size > 0) server.violate('a rehearsal counts before its backup is verified')
        const image = server.images.get(release.id)
        if (image === undefined) throw new Error(`${release.id} has no image`)
        if (image.traits.migrator !== 'works' && image.traits.rehearsal === 'true')
          throw new SlipwayError('REHEARSAL_FAILED', 'The migration failed on a copy')
        const applied = server.databases.get(live)?.applied
        const pending = image.migrations.filter(({ id }) => applied?.has(id) !== true)
        const database = server.databases.get(live)
        if (pending.length === 0 && database !== undefined && !livesWith(image, database))
          throw new SlipwayError('REHEARSAL_FAILED', 'The new release does not become healthy on a copy')
        const breaks = pending.some(({ compatible }) => !compatible)
        return {
          changed: pending.length > 0,
          seconds: 1,
          changes: pending.map(({ id, compatible }) => ({ what: `${id} added`, breaking: !compatible })),
          locks: [],
          old: breaks ? { kind: 'breaks', why: 'it fails', output: [] } : { kind: 'lives' },
        }
      })
    },
    async remove() {
      if (making) server.violate('the copy is removed while something is made on it')
      await process.sleep(removeMs)
      await process.call('rehearsals.remove', () => void (server.rehearsing = false))
    },
  }
}

async function* noBytes(): AsyncGenerator<Uint8Array> {
  yield* []
}

const verifyMs = 500
const prepareMs = 300
const fillMs = 400
/** Longer than a gate takes: it ends after the switch. */
const removeMs = 5000
