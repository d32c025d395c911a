import type { RunResult } from '../../support/run.ts'
import type { Connection } from '../ssh/connection.ts'
import { wholeScript } from '../ssh/script.ts'
import type { Facts } from './facts.ts'

/** Runs scripts as root over a connection of somebody who is root, or may become it. */
export type AsRoot = (script: string, limitMs?: number) => Promise<RunResult>

export function asRoot(connection: Connection, facts: Facts): AsRoot {
  const shell = facts.root === 'is root' ? ['sh', '-s'] : ['sudo', '-n', '--', 'sh', '-s']
  return (script, limitMs = usualLimitMs) =>
    connection.run(shell, { input: wholeScript(`umask 022\n${script}`), timeoutMs: limitMs })
}

const usualLimitMs = 60_000
/** For what downloads packages: over a slow line, behind another apt. */
export const installingLimitMs = 20 * 60_000
