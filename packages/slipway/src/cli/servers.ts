import type { Finding } from '../servers/setup/topic.ts'
import type { ServerState } from '../servers/state.ts'
import type { Attach } from './application.ts'

/** What the commands about servers ask of the rest of Slipway. */
export interface Servers {
  list(): Promise<ListedServer[]>
  /** Looks at the key of a server; pins it when it has the expected fingerprint, or any is accepted. */
  trust(name: string, request: TrustRequest): Promise<TrustReport>
  check(name: string, request: LoginRequest): Promise<ServerCheck>
  setUp(name: string, request: SetUpRequest): Promise<ServerSetUp>
  show(name: string, request: LoginRequest): Promise<ServerState>
  upgrade(name: string, request: UpgradeRequest): Promise<ServerUpgrade>
  /** Lets ssh have the streams of whoever asks; returns its exit code. */
  ssh(name: string, command: string | undefined, attach: Attach): Promise<number>
  remove(name: string): Promise<RemovedServer>
}

/** Without `configFile`, slipway.yaml is looked for in the working directory and above it. */
export type OpenServers = (configFile: string | undefined) => Promise<Servers>

export interface ListedServer {
  name: string
  host: string
  user: string
  port: number
  environments: string[]
  /** Absent: no key is pinned yet. */
  fingerprint?: string
}

export interface TrustRequest {
  /** As the provider's console shows it: `SHA256:…`. */
  fingerprint?: string
  /** Pins whatever key answers. */
  acceptAny: boolean
  /** Another key is pinned already: take this one instead. */
  replace: boolean
}

export interface TrustReport {
  name: string
  host: string
  port: number
  type: string
  fingerprint: string
  /** `already`: it was pinned before. `shown`: nothing was changed. */
  outcome: 'pinned' | 'already' | 'shown'
  file: string
}

export interface LoginRequest {
  signal: AbortSignal
  /** Absent: the user of slipway.yaml, and root when that one can not log in. */
  login?: string
}

export interface SetUpRequest extends LoginRequest {
  /** Everything, or only what keeps others out. */
  scope: 'all' | 'hardening'
  guardSeconds: number
  note(text: string): void
}

export interface UpgradeRequest extends LoginRequest {
  note(text: string): void
}

/** Some controls of a server, with how things are. */
interface Controls {
  name: string
  system: string
  /** `none`, or the kind of container that it is. */
  container: string
  controls: Finding[]
}

export interface ServerCheck extends Controls {
  pending: number
}

export interface ServerSetUp extends Controls {
  /** Those that did not hold, as they were before. */
  changed: Finding[]
  seconds: number
}

export interface ServerUpgrade {
  name: string
  before: string
  after: string
  /** Containers that ran before and run now. */
  containers: string[]
}

export interface RemovedServer {
  name: string
  wasPinned: boolean
  file: string
}
