import type { SecretRule } from '../secrets/rules.ts'
import type { Allowance } from '../secrets/scan/allow.ts'

/**
 * slipway.yaml for one environment, with every default filled in.
 * All durations are milliseconds, all paths absolute.
 */
export interface EnvironmentConfig {
  /** The slipway.yaml this came from. */
  file: string
  /** The folder of slipway.yaml: relative paths in it start here. */
  directory: string
  app: string
  environment: string
  /** `<app>-<environment>`: the name of everything this environment owns on a server. */
  project: string
  /** Production environments get the stricter checks. */
  production: boolean
  composeFiles: string[]
  envFile?: string
  source: Source
  /** What slipway.yaml says of single services; what it does not say is detected. */
  services: Record<string, ServiceConfig>
  health: HealthConfig
  migrate?: MigrateConfig
  database?: DatabaseConfig
  edge: EdgeConfig
  hold: { limitMs: number }
  /** How long requests that were under way may go on with the old release after the switch. */
  drain: { limitMs: number }
  rehearse: RehearseConfig
  /** How long the new release is watched after the switch; 0: not at all. */
  watch: { forMs: number }
  /** How long the old release stays running after the switch; 0: it is stopped at once. */
  warm: { forMs: number }
  hooks: HooksConfig
  backups: BackupsConfig
  rollback: { data: RollbackData }
  retention: { releases: number; databases: number }
  /** Absent: this machine. */
  server?: ServerConfig
  /** Absent: all services run on one server. */
  placement?: Placement
  secrets: SecretsConfig
  scan: { allow: Allowance[] }
  /** By their names, as images have them. A tag of theirs stands for the digest that it has there; absent: none. */
  registries?: Record<string, RegistryConfig>
}

export interface RegistryConfig {
  /** Absent: nobody logs in. */
  login?: {
    user: string
    /** The name of the secret. */
    password: string
  }
}

export interface SecretsConfig {
  /** The encrypted file of this environment, whether it is there or not. */
  file: string
  /** What the app declares, by the secrets' names. */
  rules: Record<string, SecretRule>
}

/** A server of slipway.yaml, reached over SSH. */
export interface ServerConfig {
  name: string
  host: string
  /** Who deploys there. */
  user: string
  port: number
  /** The private key, an absolute path; absent: what the agent and ~/.ssh offer. */
  identityFile?: string
  /** From where SSH is let in, as addresses or networks; empty: from everywhere. */
  adminAddresses: string[]
  /** TCP ports open to everybody besides 80 and 443. */
  openPorts: number[]
  /** How much swap set-up makes where there is none; 0: none. */
  swapMegabytes: number
  /** Where Slipway keeps its files there. */
  home: string
  /** The image of the runner, with its digest; absent: this version's own. */
  runner?: string
  /** Where the other servers of an environment reach it. */
  privateAddress?: string
}

/** Which services run on which servers. Each server carries out the whole deployment, for its own services. */
export interface Placement {
  /** In the order of slipway.yaml. */
  servers: PlacedServer[]
  /** The server that decides for all: the database's, else the first. */
  decides: string
  /** The Compose service that runs PostgreSQL. Unlike `database`, it is known on every server. */
  database?: string
  /** On a server: which of them it is. */
  here?: string
}

export interface PlacedServer extends ServerConfig {
  services: string[]
}

/** Where the code comes from: the folder as it is, a branch of a Git repository, or on a server what came there. */
export type Source =
  | { kind: 'directory' }
  | {
      kind: 'git'
      branch: string
      /** Of the clone that slipway.yaml lies in. */
      remote: string
      /** Its own address, which takes the place of the remote. */
      repository?: string
      /** The secret that is the login there. */
      token?: string
    }
  | {
      kind: 'upload'
      /** Takes the place of the folder that a person works in: what containers write to outlasts the upload. */
      lasting: string
    }

export type ServiceRole = 'web' | 'worker' | 'state' | 'job'

export interface ServiceConfig {
  role?: ServiceRole
  /** The port a web service listens on inside its container. */
  port?: number
  /** Host names that the edge sends to this web service; empty: all that no other service claims. */
  hosts: string[]
  /** Overrides of the environment's health settings. */
  health?: Partial<HealthConfig>
}

export interface HealthConfig {
  /** The path that answers 2xx when the service is healthy; absent: Docker's health check alone decides. */
  path?: string
  intervalMs: number
  deadlineMs: number
  /** Time limit of one probe. */
  timeoutMs: number
  /** Paths that are asked for before people come. */
  warmUp?: string[]
}

export interface MigrateConfig {
  /** The service whose image carries the migrator. */
  service: string
  command: string[]
  /** Folders or files that hold the migrations; unchanged ones prove that nothing is pending. */
  files: string[]
  timeoutMs: number
}

export interface RehearseConfig {
  /** `full`: on a restore of the backup. `schema`: on a copy without rows. */
  mode: 'full' | 'schema' | 'off'
  /** Paths that the old release must answer (below 500) on the migrated copy. */
  smoke: string[]
  timeoutMs: number
}

export interface DatabaseConfig {
  /** The Compose service that runs PostgreSQL. */
  service: string
  /** Default: POSTGRES_DB of the service, else its user. */
  name?: string
  /** Default: POSTGRES_USER of the service, else `postgres`. */
  user?: string
}

export interface EdgeConfig {
  /** `address`: plain HTTP there, TLS is somebody else's. `domains`: ports 80 and 443 with automatic certificates. `none`: no web service. */
  mode: 'address' | 'domains' | 'none'
  /** For `address`: host and port. */
  listen?: { host: string; port: number }
  /** For `domains`: the names; a service's own `hosts` win. */
  domains: string[]
  /** E-mail for the certificate authority. */
  email?: string
  /** Addresses (CIDR) of proxies in front whose X-Forwarded headers are believed. */
  trustedProxies: string[]
}

/** Each hook is one argv array, run in the project's folder. */
export interface HooksConfig {
  beforeDeploy: string[][]
  afterDeploy: string[][]
  onFailure: string[][]
  alert: string[][]
  timeoutMs: number
}

export interface BackupsConfig {
  directory: string
  format: 'plain' | 'custom'
  /** How many backups made before deployments are kept. */
  keep: number
  daily: { keepDays: number }
}

/** What `rollback` does about data that the older release can not read: ask, always keep, or restore without asking. */
export type RollbackData = 'ask' | 'keep' | 'restore'
