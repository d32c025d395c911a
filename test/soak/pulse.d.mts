import type { ChildProcess } from 'node:child_process'
import type { DeploymentRecord } from '../../packages/slipway/src/release/model.ts'

export interface PulseOptions {
  cli?: string
  home?: string
  rehearse?: string
  hold?: string
  deadline?: string
  watch?: string
  warm?: string
  extra?: string
}

export interface Ended {
  exitCode: number | null
  signal: string | null
  stdout: string
  stderr: string
}

export declare class Pulse {
  static create(options?: PulseOptions): Promise<Pulse>
  readonly app: string
  readonly project: string
  readonly base: string
  readonly directory: string
  readonly home: string
  readonly store: string
  readonly doors: string
  readonly baseUrl: string
  variables: Record<string, string>
  version(version: number, options?: { rehearse?: string; migrates?: boolean; command?: string }): Promise<void>
  options(): { cwd: string; env: NodeJS.ProcessEnv }
  readonly cli: string
  start(argv: string[], heard?: (line: string) => void, input?: string): { child: ChildProcess; ended: Promise<Ended> }
  slipway(...argv: string[]): Promise<Ended>
  guardian(): Promise<number | undefined>
  processes(): Promise<number[]>
  live(): Promise<string | undefined>
  isWarm(): Promise<boolean>
  settled(limitMs: number, options?: { warm?: boolean }): Promise<boolean>
  unfinished(): Promise<boolean>
  history(): Promise<DeploymentRecord[]>
  versions(): Promise<{ web: string; schema: string; running: { name: string; state: string; version: string }[] }>
  sql(statement: string, database?: string): Promise<string>
  leaks(): Promise<string[]>
  killContainer(name: string): Promise<void>
  destroy(): Promise<void>
}
