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
}

export function asRoot(connection: Connection, facts: Facts): AsRoot {
  const become = facts.root === 'is root' ? [] : ['sudo', '-n', '--']
  return (script, { waitMs = usualWaitMs, runSeconds } = {}) => {
    const limited = runSeconds === undefined ? [] : ['timeout', '--kill-after=1', String(runSeconds)]
    const shell = [...become, ...limited, 'sh', '-s']
    return connection.run(shell, { input: wholeScript(`${setting}\n${script}`), timeoutMs: waitMs })
  }
}

/** A login may bring its own language: programs would be read by words that they do not say, and sort otherwise. */
const setting = 'umask 022\nexport LC_ALL=C'

const usualWaitMs = 60_000
/** For what downloads packages: over a slow line, behind another apt. */
export const installing: Limits = { waitMs: 20 * 60_000 }
