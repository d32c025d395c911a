/** Lets the TypeScript of the tests import server.mjs. */
type Log = (line: string) => void

export interface LabServer {
  name: string
  address: string
  port: number
  /** File with the private key of root (and of `deploy`, where that user is there from the start). */
  rootKey: string
  container: string
  /** Its public key as it lies on its disk: `ssh-ed25519 AAAA…`. */
  hostKey(): Promise<string>
  /** Runs a program in it, not over SSH: for looking, whatever sshd and firewall say. */
  inside(
    argv: readonly string[],
    options?: { input?: string | Uint8Array; timeout?: number },
  ): Promise<{ code: number; stdout: string; stderr: string; timedOut: boolean }>
  answers(): Promise<void>
  crash(): Promise<void>
  reboot(): Promise<void>
  stop(): Promise<void>
}

export function start(options: StartOptions): Promise<LabServer>

export interface StartOptions {
  name: string
  docker?: boolean
  /** What its Docker has from the start; true: the usual images. */
  images?: boolean | readonly string[]
  /** Debian 12, or bare only: Debian 13, Ubuntu 22.04, Ubuntu 24.04. */
  release?: 'bookworm' | 'trixie' | 'jammy' | 'noble'
  log?: Log
}

export function list(environment?: Record<string, string>): Promise<{ name: string; address: string }[]>
export function stop(name: string, environment?: Record<string, string>): Promise<void>
