import type { RunResult } from '../../support/run.ts'
import type { Connection } from '../ssh/connection.ts'
import { wholeScript } from '../ssh/script.ts'
import type { Facts } from './facts.ts'

/** Runs scripts as root over a connection of somebody who is root, or may become it. */
export type AsRoot = (script: string, limits?: Limits) => Promise<RunResult>

export interface Limits {
  /** How long we wait. What runs there goes on. */
  waitMs?: number
  /** How long it may run there, whether or not anybody still waits. */
  runSeconds?: number
  /** It changes something: while it runs no other such script does, be it of a set-up that was cut off (turn.ts). */
  alone?: boolean
}

export function becoming(facts: Facts): string[] {
  return facts.root === 'is root' ? [] : ['sudo', '-n', '--']
}

/** Held while a script runs that changes something. */
export const stepLock = '/run/slipway-setup-step.lock'

export function asRoot(connection: Connection, facts: Facts): AsRoot {
  return (script, { waitMs = usualWaitMs, runSeconds, alone = false } = {}) => {
    // Without --close whatever the script leaves running would hold it on.
    const locked = alone ? ['flock', '--close', stepLock] : []
    const limited = runSeconds === undefined ? [] : ['timeout', '--kill-after=1', String(runSeconds)]
    const shell = [...becoming(facts), ...locked, ...limited, 'sh', '-s']
    return connection.run(shell, { input: wholeScript(`${setting}\n${script}`), timeoutMs: waitMs })
  }
}

/** A login may bring its own language: programs would be read by words that they do not say, and sort otherwise. */
const setting = 'umask 022\nexport LC_ALL=C'

const usualWaitMs = 60_000
/** For what downloads packages: over a slow line, behind another apt. */
export const installing: Limits = { waitMs: 20 * 60_000 }
