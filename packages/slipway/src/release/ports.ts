import type { EnvironmentConfig, MigrateConfig } from '../config/model.ts'
import type { Event } from './events.ts'
import type { Experience } from './experience.ts'
import type { Agreement, DatabasePathStart } from './several/agreement.ts'
import type {
  DataOrigin,
  DeploymentId,
  DeploymentRecord,
  Plan,
  Rehearsal,
  Release,
  ReleaseId,
  SchemaChange,
} from './model.ts'

/**
 * Everything the deployment needs from the outside. `release/` knows only these; adapters live above it.
 * Every call may fail with a SlipwayError, and every call must be safe to repeat.
 */
export interface Ports {
  clock: Clock
  lock: Lock
  journal: Journal
  releases: ReleaseStore
  checks: Checks
  source: SourcePort
  engine: Engine
  edge: Edge
  /** Absent: the app has no database. */
  database?: Database
  /** The database by the login of the app; absent: that is not known. */
  appDatabase?: Database
  /** Absent: the app has no database. */
  logins?: DatabaseLogins
  /** Absent: the app has no database. */
  rehearsals?: Rehearsals
  backups: Backups
  hooks: Hooks
  /** Absent: nobody is told. */
  alerts?: Alerts
  /** Absent: nothing is kept warm. */
  warm?: Warm
  /** Absent: nothing is remembered. */
  experience?: ExperienceStore
  /** Absent: the environment has one server. */
  agreement?: Agreement
  /** Absent: the environment has one server. */
  path?: DatabasePath
}

export interface Clock {
  now(): Date
  /** A monotonic time in milliseconds. */
  monotonic(): number
  /** Ends early, and not with an error, when the signal says so. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

export interface Lock {
  /** Fails with LOCKED, naming who holds it since when. Freed by the death of this process. */
  acquire(purpose: string): Promise<{ release(): Promise<void> }>
}

/** Append-only, each event on disk (fsync) before the call returns. */
export interface Journal {
  open(id: DeploymentId): Promise<{ append(event: Event): Promise<void>; close(): Promise<void> }>
  nextId(): Promise<DeploymentId>
  read(id: DeploymentId): Promise<Event[]>
  /** The newest deployment that has no end. */
  unfinished(): Promise<DeploymentId | undefined>
  record(record: DeploymentRecord): Promise<void>
  history(): Promise<DeploymentRecord[]>
}

export interface ReleaseStore {
  nextId(): Promise<ReleaseId>
  current(): Promise<Release | undefined>
  get(id: ReleaseId): Promise<Release | undefined>
  all(): Promise<Release[]>
  setCurrent(id: ReleaseId): Promise<void>
  remove(id: ReleaseId): Promise<void>
}

/** Remembers, on disk, which release was left running after the switch. At most one. */
export interface Warm {
  read(): Promise<WarmNote | undefined>
  write(note: WarmNote): Promise<void>
  clear(): Promise<void>
  /** Why this machine can not keep two releases now; undefined: it can. */
  tooTight(): Promise<string | undefined>
}

export interface WarmNote {
  release: ReleaseId
  /** When it is to be stopped. */
  until: string
}

/** Remembers, on disk, what backup and rehearsal took and said: the plans of another day are made of it. */
export interface ExperienceStore {
  read(): Promise<Experience>
  /** What is not given stays as it was. */
  add(more: Experience): Promise<void>
}

/**
 * Looks at everything before anything changes. Throws the first thing that would hurt; returns warnings. To `prepare`:
 * what a deployment needs first, and nobody notices, is made. To `look`: nothing is.
 */
export interface Checks {
  preflight(plan: Plan, to: 'prepare' | 'look'): Promise<string[]>
}

export interface SourcePort {
  /** Brings code, builds or pulls images, writes the release's folder. Touches nothing that runs. */
  fetch(plan: Plan, id: ReleaseId, note: (text: string) => void): Promise<Release>
  /** Forgets what `fetch` made. */
  discard(id: ReleaseId): Promise<void>
}

export interface ContainerState {
  id: string
  name: string
  service: string
  status: 'created' | 'running' | 'restarting' | 'exited' | 'dead' | 'paused' | 'removing'
  /** `none`: the container has no health check. */
  health: 'none' | 'starting' | 'healthy' | 'unhealthy'
  /** When it was started last, by Docker's clock; absent: not known. */
  startedAt?: Date
  exitCode: number
  restarts: number
  outOfMemory: boolean
  /** Output of the newest run of Docker's health check. */
  healthOutput: string
}

export interface Engine {
  /**
   * Brings the state services to the release's definitions and connects them to the release's networks.
   * `beforeChange` is called before the first of them is made anew, and not at all when they are as they should be.
   */
  ensureState(release: Release, beforeChange?: () => Promise<void>): Promise<{ changed: string[] }>
  /** Whether the state services already run as the release wants them. */
  stateMatches(release: Release): Promise<boolean>
  /**
   * Makes the networks and containers of the release, and of its migration, so that they only have to be started. Touches
   * nothing that runs. Absent: they are made when they are started.
   */
  makeReady?(release: Release): Promise<void>
  /** Runs the migration job of the release to its end. */
  migrate(release: Release, migrate: MigrateConfig, timeoutMs: number): Promise<JobResult>
  /** Starts web services and workers, or only those of one role; does not wait for health. */
  start(release: Release, role?: 'web' | 'worker'): Promise<void>
  containers(release: Release): Promise<ContainerState[]>
  /** Calls back on each change of state of the release's containers until stopped. */
  watch(release: Release, changed: () => void): Promise<{ stop(): void }>
  /** Runs a container's own health check now instead of at its next interval; undefined: it has none. */
  checkHealth(container: ContainerState): Promise<{ ok: boolean; output: string } | undefined>
  logs(container: ContainerState, lines: number): Promise<string[]>
  /**
   * Stops the workers: their stop signal, then their grace period. Returns the containers that were killed because they
   * went on for longer.
   */
  quietWorkers(release: Release): Promise<string[]>
  wakeWorkers(release: Release): Promise<void>
  /**
   * Stops (or kills) and removes the release's containers and networks. Images and folder stay. What is to be done as soon
   * as all have stopped is done beside the rest; its end is waited for, and its failure is this one's.
   */
  remove(release: Release, how: 'gracefully' | 'at-once', whenStopped?: () => Promise<void>): Promise<void>
  /** The networks on which the release's web services are reached: there once its state services are. */
  doorNetworks(release: Release): Promise<string[]>
  /** IPv4 and IPv6 networks (CIDR) from which the release reaches the database. */
  databaseNetworks(release: Release): Promise<string[]>
  prune(keep: Release[]): Promise<string[]>
  /**
   * Starts again what has stopped since then of the state services, and of the release in these roles: an engine that has
   * died itself may leave it so. Returns the names. Absent: an engine never does that.
   */
  revive?(release: Release, roles: readonly ('web' | 'worker')[], since: Date): Promise<string[]>
  /** Whether the engine answers anybody, within seconds. Absent: nobody can tell. */
  answers?(): Promise<boolean>
}

export interface JobResult {
  exitCode: number
  output: string[]
  timedOut: boolean
}

export interface Edge {
  /** Makes sure that the front runs and has this app's site. Reloads it only when the site is new or differs. */
  ensureFront(release: Release, config: EnvironmentConfig): Promise<void>
  /** This app's site as it is now, for `bringBackSite`; undefined: it has none. */
  site(): Promise<string | undefined>
  /** Makes this app's site again what `site` told, and has the front serve it: after whatever is still being done about it. */
  bringBackSite(site: string | undefined): Promise<void>
  /** Starts the release's door on the release's networks. */
  openDoor(release: Release, networks: string[]): Promise<void>
  /** One request through the release's own door, as real traffic would go. */
  probe(release: Release, service: string, path: string, timeoutMs: number): Promise<Probe>
  /** Asks a web service for the paths that its settings name for it, until the signal comes. Decides nothing. Absent: nobody can. */
  warmUp?(release: Release, service: string, signal: AbortSignal): Promise<void>
  /** Which release is behind the edge: read from the link. */
  live(): Promise<ReleaseId | 'held' | undefined>
  /** One atomic rename. */
  switchTo(release: Release): Promise<void>
  /** From here on requests wait. */
  hold(services: string[]): Promise<void>
  /** Requests that wait now. */
  waiting(): number
  /** Points the edge to the release and hands it the requests that waited. */
  letGo(release: Release): Promise<void>
  /** What is under way in the release. */
  inFlight(release: Release): Promise<InFlight>
  /** Ends the release's WebSockets with a close frame; requests go on. Safe to repeat. */
  closeWebSockets(release: Release): Promise<void>
  /** Stops the door: WebSockets get a close frame, requests a short while. */
  closeDoor(release: Release): Promise<void>
  /** One request where the public's come in. Absent, or undefined: there is no such place. */
  probePublic?(
    release: Release,
    config: EnvironmentConfig,
    service: string,
    path: string,
    timeoutMs: number,
  ): Promise<PublicProbe | undefined>
  /** What the release has answered since its door was opened. Absent, or undefined: nobody counts. */
  answered?(release: Release): Promise<Answered | undefined>
}

export interface InFlight {
  /** They end by themselves; the others last until somebody ends them. */
  requests: number
  webSockets: number
  eventStreams: number
}

/** `release`: the one that answered. */
export type PublicProbe = Probe & { release?: ReleaseId }

export interface Answered {
  requests: number
  /** Answered with 5xx, or not at all. */
  failed: number
}

export type Probe =
  | { kind: 'answered'; status: number; body: string; milliseconds: number }
  | { kind: 'no-answer'; why: string }

/** A summary of a database's schema and of its migrator's ledger: equal states have equal fingerprints. */
export interface DatabaseState {
  fingerprint: string
  catalog: Catalog
}

/** One line per schema object, by kind and name; the value holds all that matters of it. */
export type Catalog = Record<string, string>

export interface Database {
  name: string
  /** Whether the server runs and answers on its socket. */
  reachable(): Promise<boolean>
  /** Proves that the login which the app will use works over the network. Throws DATABASE_UNREACHABLE. */
  proveLogin(): Promise<void>
  state(): Promise<DatabaseState>
  compare(before: DatabaseState, after: DatabaseState): SchemaChange[]
  /** Throws MIGRATION_FAILED when the migrator's own ledger disagrees with its folder. */
  proveMigrated(release: Release, config: EnvironmentConfig): Promise<void>
  /**
   * While `act` runs, statements from these networks that wait for a lock longer than `limitMs` are cancelled, because
   * everybody else waits behind them. Returns how many were.
   */
  withLockGuard<T>(
    networks: string[],
    limitMs: number,
    act: () => Promise<T>,
  ): Promise<{ result: T; cancelled: number }>
  /** Whether a migration that failed has changed nothing; takes back a note in its ledger that would forbid the next attempt. */
  forgetFailedMigration(before: DatabaseState, after: DatabaseState): Promise<boolean>
  sizeBytes(): Promise<number>
  /** What a fence needs and nobody notices, so that the fence itself is quick. Not needed for a fence to be right. */
  prepareFence(allowed: string[]): Promise<void>
  /** From here on only these networks reach the database; all other sessions are ended. */
  fence(allowed: string[]): Promise<void>
  liftFence(): Promise<void>
  /** Copies the fenced database; returns the copy's name. */
  snapshot(label: string): Promise<string>
  /** Makes `replacement` the live database by one transaction of renames; returns the name of what was live. */
  swapIn(replacement: string, label: string): Promise<string>
  /** Restores a backup into a new database in one transaction, stopping on errors; returns its name. */
  restoreBackup(origin: Extract<DataOrigin, { kind: 'backup' }>, label: string): Promise<string>
  /** The databases that Slipway left behind for this one, newest first. */
  leftBehind(): Promise<string[]>
  drop(database: string): Promise<void>
  /** Gives a snapshot that was live for a moment its name again, so that it can be gone back to. Safe to repeat. */
  putBack(database: string, snapshot: string): Promise<void>
}

/** Logins of the database that Slipway makes: releases with different passwords come in side by side. */
export interface DatabaseLogins {
  /** The names of those that `provide` would make. */
  missing(): Promise<string[]>
  /** Makes those of the code to be deployed that are not there; touches no other. Safe to repeat. Returns their names. */
  provide(): Promise<string[]>
  /** Shuts and removes all others. Safe to repeat. Returns the names of those that were open. */
  retire(needed: readonly string[]): Promise<string[]>
}

/** Runs a migration where it can hurt nobody. */
export interface Rehearsals {
  /**
   * Restores the backup into a throwaway PostgreSQL, runs the migration of the new release there, and the old release
   * against the result; when the schema alone tells that the old one can not live with it, the new release instead.
   * Throws REHEARSAL_FAILED when the migration fails there, or the new release does not become healthy.
   */
  run(order: RehearsalOrder, note: (text: string) => void): Promise<Rehearsal>
  /** Starts the empty copy ahead of time, on the old release's definitions. */
  prepare(current: Release): Promise<void>
  /** Brings the data into the copy ahead of `run`; without a dump, the schema alone. Returns the seconds it took. */
  fill(current: Release, dump: Dump | undefined): Promise<number>
  /** Makes what the migration of the new release needs on the copy, ahead of `run`. */
  makeReady(current: Release, release: Release): Promise<void>
  /** Removes the copy: also what an earlier run that died left behind. */
  remove(current: Release): Promise<void>
}

/** Each release's own way to a database on another server: it goes with the release, on either end. */
export interface DatabasePath {
  /** On the database's server, once the release's networks are there. */
  offer(release: Release): Promise<DatabasePathStart>
  /** Elsewhere. Throws DATABASE_UNREACHABLE when no database answers at its other end. */
  take(release: Release, start: DatabasePathStart, timeoutMs: number): Promise<void>
}

export interface RehearsalOrder {
  release: Release
  current: Release
  config: EnvironmentConfig
  /** Absent: the data comes from the live database itself, and no file is written. */
  backup?: { file: string }
  /** The copy has its data, or will have; absent: it is empty. */
  filled?: Promise<number>
  /** Called when a release is being watched on the copy: nobody has anything to do for some seconds. */
  meanwhile?: () => void
  signal: AbortSignal
}

export interface Backups {
  /** Dumps, decodes the whole dump to verify it, and gives it its name only then. */
  create(kind: 'pre-deploy' | 'daily', note: (text: string) => void): Promise<BackupFile>
  /** The same ahead of its use, without the name: whoever has begun it keeps it or discards it. */
  begin(kind: 'pre-deploy' | 'daily', note: (text: string) => void): BegunBackup
  list(): Promise<BackupFile[]>
  /** Removes old ones by policy; never the newest verified one. */
  prune(): Promise<string[]>
}

/** A backup that is being made. What a process that dies leaves of it has no name that a backup has. */
export interface BegunBackup {
  /** All of it is on the disk; whether it is whole is not known yet. */
  dumped: Promise<Dump>
  verified: Promise<void>
  /** Somebody restores all of it. Should that come to its end, no more is needed to verify it. */
  provedBy?(restore: Promise<unknown>): void
  /** Waits until it is verified, and gives it its name. */
  keep(): Promise<BackupFile>
  /** Ends it, and removes what is there of it. Leaves one alone that is kept; safe to repeat. */
  discard(): Promise<void>
}

/** The very file that becomes the backup. */
export interface Dump {
  format: 'plain' | 'custom'
  read(): AsyncIterable<Uint8Array>
  /** Gives the file a second name; false: it can have none there. */
  linkTo?(name: string): boolean
}

export interface BackupFile {
  file: string
  kind: 'pre-deploy' | 'daily'
  takenAt: string
  bytes: number
  sha256: string
  seconds: number
}

export interface Alerts {
  /** Tells what is wrong with what serves, if it is news; empty: nothing is. Returns what was told. */
  tell(problems: readonly string[], release: Release | undefined): Promise<'down' | 'recovered' | undefined>
}

export interface Hooks {
  run(when: 'beforeDeploy' | 'afterDeploy' | 'onFailure' | 'alert', facts: Record<string, string>): Promise<void>
}
