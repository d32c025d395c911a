import type { OwnDocker } from './own-docker.mjs'
import type { PulseOptions } from './pulse.mjs'

export interface RealKills {
  kills: number
  /** Ended neither all old nor all new, or otherwise than the history says. */
  mixed: number
  /** Not ended by itself or by the next command, or the next deployment did not work. */
  stuck: number
  /** Acknowledged writes that are gone. */
  lost: number
  leaks: number
  details: string[]
  /** By what was killed. */
  failedRequests: Record<string, number>
  /** From the kill to the end of the deployment. */
  recoverySeconds: number[]
  acknowledged: number
  requests: { sent: number; failed: number; failures: Record<string, number> }
}

export declare function runRealKills(
  options: { kills: number; seed: number; log?: (line: string) => void; docker?: OwnDocker } & PulseOptions,
): Promise<RealKills>
