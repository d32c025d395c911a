import { setTimeout as sleep } from 'node:timers/promises'
import type { Lock } from '../../release/ports.ts'
import { endLeftoverPrograms, markPrograms } from '../../store/leftover-programs.ts'
import { lockHolder } from '../../store/lock.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { Guardian } from './start.ts'

/** The lock as a deployment takes it: with what a dead one left running ended, and with a guardian beside it. */
export function guardedLock(lock: Lock, file: string, guarding: Guarding): Lock {
  return {
    async acquire(purpose) {
      const taken = await afterRecovery(file, purpose, () => lock.acquire(purpose))
      markPrograms(undefined)
      const guardian = guarding.start()
      if (!(await guarding.isEnded().catch(() => false))) await endLeftoverPrograms(file)
      markPrograms(file)
      return {
        async release() {
          markPrograms(undefined)
          // A deployment that could not even write its end, on a full disk for instance, is left to the guardian.
          if (await guarding.isEnded().catch(() => false)) await guardian?.ended(guarding.limitMs)
          await taken.release()
        },
      }
    },
  }
}

export interface Guarding {
  start(): Guardian | undefined
  /** Whether no deployment is unfinished. */
  isEnded(): Promise<boolean>
  /** For the answers to those who waited in a hold. */
  limitMs: number
}

/** What a guardian, or a command that only looks, holds the lock for. It is over in seconds, and worth waiting for. */
export const recoveryPurpose = 'end a deployment that was cut off'

async function afterRecovery<T>(file: string, purpose: string, acquire: () => Promise<T>): Promise<T> {
  const began = performance.now()
  for (;;) {
    try {
      return await acquire()
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'LOCKED') throw error
      const holder = await lockHolder(file)
      // Who has just taken it has not yet written its name.
      const patience = holder === undefined ? 1000 : holder.purpose === recoveryPurpose ? patienceFor(purpose) : 0
      if (performance.now() - began >= patience) throw error
      await sleep(200)
    }
  }
}

/** Who only wants the same, or to look, need not wait for an end that does not come. */
function patienceFor(purpose: string): number {
  return purpose === recoveryPurpose ? 5000 : 60_000
}
