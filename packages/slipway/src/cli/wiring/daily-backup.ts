import { setTimeout as sleep } from 'node:timers/promises'
import type { BackupFile, Backups } from '../../release/ports.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { BackupRequest } from '../application.ts'

/**
 * The backup of a day. A deployment that has to hold requests ends a dump that is in its way: the backup is taken again
 * when that deployment has ended, so that its night is not without one. `deploying`: who does, undefined: nobody.
 */
export async function dailyBackup(
  backups: Backups,
  deploying: () => Promise<unknown>,
  { note, signal }: BackupRequest,
): Promise<BackupFile> {
  for (let again = 0; ; again++) {
    try {
      return await backups.create('daily', note)
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'BACKUP_FAILED') throw error
      if (again === timesAgain || (await deploying()) === undefined) throw error
      note(`${error.why ?? error.message}; a deployment is under way, and the backup is taken again after it`)
      while ((await deploying()) !== undefined) {
        // Whoever waits for nothing but this may stop waiting.
        if (signal.aborted) throw error
        await sleep(paceMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }
}

const timesAgain = 3
const paceMs = 2000
