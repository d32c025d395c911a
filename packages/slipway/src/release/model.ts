import type { EnvironmentConfig, HealthConfig, ServiceRole } from '../config/model.ts'
import type { Promotion } from './promotion.ts'
import type { AgreedFacts } from './several/agreement.ts'

/** `r12`: the twelfth release of its environment. */
export type ReleaseId = `r${number}`
/** `d31`: the thirty-first deployment of its environment. */
export type DeploymentId = `d${number}`

/** Code, configuration, secrets and migrations as one immutable thing. Written once, never changed. */
export interface Release {
  id: ReleaseId
  app: string
  environment: string
  project: string
  createdAt: string
  /** What a person calls it: a commit's short hash, or the content's. */
  version: string
  commit?: Commit
  services: ReleaseService[]
  /** Each service's image by id: `sha256:…`. */
  images: Record<string, string>
  /** Services' images as a registry knows them: `ghcr.io/shop/api@sha256:…`. Not those that were built or loaded here. */
  digests?: Record<string, string>
  /** Over each Compose file as written, and what it mounts read-only, by the file's path in the project. */
  documents?: Record<string, string>
  /** Over images, resolved configuration and migrations: equal fingerprints are equal releases. */
  fingerprint: string
  /** Of several servers: over what all of them must have alike. Equal ones are parts of one release. */
  shared?: string
  /** Over the definitions of the state services. */
  stateFingerprint: string
  /** Over the files of `migrate.files`; absent: not known. */
  migrationFingerprint?: string
  /** Over the secrets that were delivered as files, by a key of the server; absent: there were none. */
  secretsFingerprint?: string
  /** The Compose service that runs the release's PostgreSQL. */
  database?: string
  /** Of several servers: this one's end of the release's own way to the database. Absent: it has none. */
  path?: PathEnd
  /** The logins there that Slipway has made for it. */
  logins?: string[]
  /** The release's own folder: Compose documents, sources, secrets. */
  directory: string
}

/** `offered`: on the database's server. `taken`: elsewhere, under the service's name on these networks of the Compose files. */
export type PathEnd = { kind: 'offered' } | { kind: 'taken'; service: string; networks: string[] }

export interface Commit {
  sha: string
  branch: string
  subject: string
}

export interface ReleaseService {
  name: string
  role: ServiceRole
  /** Web services only. */
  port?: number
  hosts: string[]
  health: HealthConfig
  replicas: number
  /** Whether the image or the Compose file brings a health check of its own. */
  dockerHealth: boolean
}

/** What one deployment is about to do: printed by `plan`, executed by `deploy`. */
export interface Plan {
  kind: 'deploy' | 'rollback'
  app: string
  environment: string
  project: string
  /** The release that serves now. */
  current?: Release
  /** A rollback's target; a deployment's release is made by its fetch step. */
  target?: Release
  /** The target still runs, and answers well: it only has to be switched to. */
  warm?: true
  /** Why it is done, when nobody asked for it. */
  because?: string
  version: string
  commit?: Commit
  services: PlannedService[]
  /** What another environment has proven, and this one is to get. */
  promotion?: Promotion
  migration: MigrationForecast
  state: 'first' | 'same' | 'changed'
  data: DataPlan
  /** Absent: the app has no database, or it does not answer. */
  database?: DatabaseForecast
  /** What is known beforehand of how the migration will run. Absent: none is pending, or it is not to be rehearsed. */
  rehearsal?: RehearsalForecast
  steps: { name: StepName; does: string; skipped?: string }[]
  config: EnvironmentConfig
}

export interface PlannedService {
  name: string
  /** Of several servers: those that run it. */
  servers?: string[]
  role: ServiceRole
  change: 'new' | 'build' | 'changed' | 'same' | 'removed'
  /** By digest, where it is known before it is fetched. */
  image?: string
}

/** How big the live database is, and what it will take by what it took before. */
export interface DatabaseForecast {
  bytes: number
  /** Absent: there was no backup yet. */
  backupSeconds?: number
  /** Absent: there was no rehearsal of this kind yet. */
  rehearsalSeconds?: number
}

export interface RehearsalForecast {
  /** Which migrations, on which schema, beside which release. Absent: nothing shows which migrations there are. */
  of?: string
  /** What the last rehearsal of just that said. Absent: there was none. */
  report?: RehearsalReport
}

/** What a rehearsal says of the deployment to come. */
export interface RehearsalReport {
  at: string
  mode: 'full' | 'schema'
  /** The row of the data rule; `refused` and `fails`: the deployment would end there. */
  row: 'changes-nothing' | 'online' | 'held' | 'refused' | 'fails'
  /** The row in words. */
  says: string
  why?: string
  next?: string
  /** What was printed when it failed. */
  output: string[]
  /** How long requests will wait. */
  holdSeconds?: number
  /** Of the migration alone; absent: it failed. */
  migrationSeconds?: number
  changes: SchemaChange[]
  locks: TableLock[]
}

export type MigrationForecast =
  | { kind: 'none'; why: string }
  | { kind: 'unchanged'; why: string }
  | { kind: 'pending'; why: string }

/** What a rollback does about the data. */
export type DataPlan =
  | { kind: 'untouched' }
  | { kind: 'keep'; why: string }
  | { kind: 'restore'; from: DataOrigin; loses: string; breaking: string[] }

export type DataOrigin = { kind: 'snapshot'; database: string } | { kind: 'backup'; file: string }

export const stepNames = [
  'lock',
  'preflight',
  'fetch',
  'backup',
  'rehearse',
  'restore',
  'hold',
  'state',
  'migrate',
  'start',
  'gate',
  'switch',
  'watch',
  'commit',
  'prune',
] as const
export type StepName = (typeof stepNames)[number]

/** What a deployment learns on its way and must know to go back, also after its process died. Journaled. */
export interface Facts extends AgreedFacts {
  release?: Release
  backup?: { file: string; bytes: number; sha256: string; seconds: number }
  /** A rehearsal was begun; what it owns may still be there. */
  rehearsing?: boolean
  rehearsal?: Rehearsal
  /** What the new release needs to be started may be there ahead of the steps that start it. */
  madeReady?: boolean
  /** The app's site may have been changed; what it was before. Without: there was none. */
  site?: { before?: string }
  held?: { services: string[] }
  fenced?: boolean
  quieted?: string[]
  /** A copy of the database taken inside the hold. */
  snapshot?: { database: string; of: string }
  stateChanged?: boolean
  migration?: MigrationResult
  /** A database made from a backup or snapshot, ready to take the live one's place. */
  replacement?: {
    database: string
    from: DataOrigin
    /** On the way back it is dropped: from here on, that it is not there does not mean that it is the live one. */
    dropping?: true
  }
  /** What was live before the replacement took its place. */
  leftBehind?: string
  /** The replacement after the way back: nobody ever wrote to it, and kept it would push out what was written. */
  discarded?: string
  switched?: boolean
  /** The switch is taken back: from here on the only way is all-old. */
  returning?: boolean
  /** The new release does badly and can not go back by itself. */
  doubt?: string
  /** The watch came to its end, after so long, and saw nothing bad. */
  watchedMs?: number
  unchanged?: boolean
}

export interface MigrationResult {
  changed: boolean
  seconds: number
  changes: SchemaChange[]
}

/** What the migration did on a copy of the database, and whether the old release lives with that. */
export interface Rehearsal {
  changed: boolean
  /** Of the migration alone. */
  seconds: number
  changes: SchemaChange[]
  /** What it kept from others, and for how long. */
  locks: TableLock[]
  /** What bringing the data into the copy took. */
  fillSeconds?: number
  /** What the new release took to be healthy on the copy; absent: it was not run there. */
  bootSeconds?: number
  old: { kind: 'lives' } | { kind: 'breaks'; why: string; output: string[] } | { kind: 'not-asked'; why: string }
}

export interface TableLock {
  table: string
  /** As PostgreSQL calls it: `AccessExclusiveLock`. */
  mode: string
  /** The table was written anew from its first row to its last. */
  rewritten: boolean
  bytes: number
  seconds: number
}

/** One difference between two catalogs; breaking: code of before can not be trusted to live with it. */
export interface SchemaChange {
  what: string
  breaking: boolean
  why?: string
}

export type Outcome = 'deployed' | 'unchanged' | 'failed' | 'rolled-back' | 'needs-person'

/** One line of `history`. */
export interface DeploymentRecord {
  id: DeploymentId
  kind: Plan['kind']
  release?: ReleaseId
  previous?: ReleaseId
  version: string
  commit?: Commit
  startedAt: string
  seconds: number
  outcome: Outcome
  by: string
  failure?: { step: StepName; code: string; message: string; why?: string }
  backup?: string
  snapshot?: string
  migration?: MigrationResult
  /** The rehearsal showed that code of before can not live with this migration: why. */
  oldCodeBreaks?: string
  /** The database's schema when the deployment ended: `DatabaseState.fingerprint`. */
  databaseFingerprint?: string
  /** Set when a rollback brought older data back. */
  restored?: DataOrigin
  heldMs?: number
  /** Why it was done, when nobody asked for it: what the watch saw. */
  because?: string
  /** Whose images they are. */
  promoted?: Pick<Promotion, 'from' | 'release'>
  /** How long it was watched after the switch, to the end, and did well. */
  watchedMs?: number
  /** It was seen to do badly after the switch, and could not go back by itself: why, and what a person can do. */
  doubt?: string
}
