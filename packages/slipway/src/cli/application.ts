import type { EdgeConfig, EnvironmentConfig, ServiceRole } from '../config/model.ts'
import type { Event } from '../release/events.ts'
import type { Commit, DeploymentId, DeploymentRecord, Plan, ReleaseId } from '../release/model.ts'
import type { BackupFile, ContainerState } from '../release/ports.ts'
import type { Promotion, ProvenRelease } from '../release/promotion.ts'
import type { AgreementKey } from '../release/several/agreement.ts'
import type { Finding } from '../secrets/check.ts'
import type { OpenSecrets } from '../secrets/open.ts'
import type { SealedFile } from '../secrets/sealed-file.ts'
import type { Problem, SlipwayError } from '../support/errors.ts'
import type { AtStart } from './at-start/service.ts'
import type { OpenServers } from './servers.ts'

/** What the commands ask of the rest of Slipway, for one environment. `wiring.ts` makes one of real parts. */
export interface Application {
  readonly app: string
  readonly environment: string
  plan(request: PlanRequest): Promise<Plan>
  deploy(request: DeployRequest, emit: (event: Event) => void): Promise<Carried>
  rollback(request: RollbackRequest, emit: (event: Event) => void): Promise<Carried>
  /** Ends a deployment whose process died; undefined: there is none. Throws LOCKED while somebody holds the lock. */
  resume(request: ResumeRequest, emit: (event: Event) => void): Promise<DeploymentRecord | undefined>
  /** What may be promoted from here. Throws PROMOTION_REFUSED with all that speaks against it. */
  proven(): Promise<ProvenRelease>
  status(request?: StatusRequest): Promise<StatusReport>
  /** Newest first. */
  history(): Promise<DeploymentRecord[]>
  /** Returns the exit code; with `follow` it ends when the signal says so. */
  logs(request: LogsRequest, write: (line: LogLine) => void): Promise<number>
  /** Runs a command in a container; `attach` starts the program that leads there. Returns the command's exit code. */
  exec(request: ExecRequest, attach: Attach): Promise<number>
  backup(request: BackupRequest): Promise<BackupFile>
  /** Follows the deployment that a server carries out, or shows how the last one ended. */
  attach(request: AttachRequest, emit: (event: Event) => void): Promise<Carried>
  /** What to say when a deployment is interrupted, if that is something else than it usually is. */
  answerToInterrupt?(signal: AbortSignal): string
  /** When the command is over. */
  close?(): Promise<void>
}

/** How a deployment came out; of several servers, as the deciding one has it, with how the others ended. */
export interface Carried extends DeploymentRecord {
  servers?: CarriedOn[]
}

export interface CarriedOn {
  server: string
  decides: boolean
  /** Absent: it is not known how it ended there. */
  outcome?: DeploymentRecord['outcome']
  release?: ReleaseId
  why?: string
}

/**
 * Without `configFile`, slipway.yaml is looked for in the working directory and above it.
 * Without `environment`, the only one of slipway.yaml is meant; several are a USAGE error that names them.
 */
export type OpenApplication = (
  configFile: string | undefined,
  environment: string | undefined,
  /** Told while a person waits for a server. */
  note?: (text: string) => void,
  /** What is going to be deployed there: the Compose files may need it to be read at all. */
  promotion?: Promotion,
) => Promise<Application>

/** Ends what was cut off in every environment that this machine deploys itself; `heard` gets each when it is done. */
export type ResumeAll = (signal: AbortSignal, heard: (result: ResumedProject) => void) => Promise<ResumedProject[]>

export type ResumedProject =
  | { project: string; outcome: 'nothing' | 'looked after' | 'under way' }
  | { project: string; outcome: 'ended'; record: DeploymentRecord }
  | { project: string; outcome: 'failed'; error: SlipwayError }

/** Reads slipway.yaml and the Compose files of one environment, or of all, and collects every mistake. */
export type CheckConfiguration = (
  configFile: string | undefined,
  environment: string | undefined,
  options: {
    /** Also what Git has ever kept is searched for secrets, in all commits. */
    history: boolean
  },
) => Promise<CheckReport>

/** The encrypted secrets of one environment, as they lie in the folder one works in. */
export interface SecretsOfEnvironment {
  readonly config: EnvironmentConfig
  /** As written: names and recipients are in clear. Undefined: there is no file. */
  read(): Promise<SealedFile | undefined>
  /** Decrypted and proved; undefined: there is no file. */
  open(): Promise<OpenSecrets | undefined>
  /** What is not as slipway.yaml declares it; without a file, what stands in the env file is looked at alone. */
  findings(secrets: OpenSecrets | undefined): Promise<Finding[]>
  /** A new file, for the keys at hand; a key is made where there is none. */
  create(): Promise<{ secrets: OpenSecrets; keyMade: string | undefined }>
  /** Writes the file; refuses when somebody else changed it since it was opened. */
  save(secrets: OpenSecrets, before: OpenSecrets | undefined): Promise<void>
}

/** Without `environment`, the only one of slipway.yaml is meant. */
export type OpenSecretsOf = (
  configFile: string | undefined,
  environment: string | undefined,
) => Promise<SecretsOfEnvironment[]>

/** What `wiring.ts` exports. */
export interface Wiring {
  openApplication: OpenApplication
  checkConfiguration: CheckConfiguration
  resumeAll: ResumeAll
  /** What this machine does for Slipway when it starts. */
  atStart: AtStart
  openServers: OpenServers
  openSecrets: OpenSecretsOf
}

export interface PlanRequest {
  signal: AbortSignal
  /** Run the migration on a copy of the database, to know how it will be run here. */
  rehearse: boolean
  /** The images of another environment, instead of those that the Compose files name. */
  promotion?: Promotion
  note: (text: string) => void
  /** With code from Git: this commit, by its full name. Absent: the newest of the branch. */
  commit?: string
}

export interface DeployRequest {
  /** Set by the first Ctrl-C: end at the next safe point. */
  signal: AbortSignal
  /** The images of another environment, instead of those that the Compose files name. */
  promotion?: Promotion
  /** With code from Git: this commit, by its full name. Absent: the newest of the branch. */
  commit?: string
  /** Of several servers: the deployment that this one follows. */
  agreementKey?: AgreementKey
}

export interface RollbackRequest {
  signal: AbortSignal
  /** Absent: the release before the current one. */
  release?: ReleaseId
  /** Absent: what slipway.yaml says of `rollback.data`. */
  data?: 'keep' | 'restore'
  /** The app's name, typed by a person who accepts that data is lost. */
  confirm?: string
  /** Of several servers: the deployment that this one follows. */
  agreementKey?: AgreementKey
}

export interface ResumeRequest {
  signal: AbortSignal
  /** Of several servers, one that can not be reached is a failure; else it is only told. */
  everywhere?: true
}

export interface AttachRequest {
  /** Ends the watching, not the deployment. */
  signal: AbortSignal
}

export interface LogsRequest {
  signal: AbortSignal
  /** Absent: all services of the current release. */
  service?: string
  follow: boolean
  lines: number
}

export interface LogLine {
  /** Absent: the environment has one. */
  server?: string
  service: string
  text: string
}

export interface ExecRequest extends ContainerRequest {
  command: readonly string[]
  /** A person types and sees: the command gets a terminal. */
  terminal: boolean
}

/** One container of what serves. */
export interface ContainerRequest {
  service: string
  /** Of several servers; absent: the only one that runs the service. */
  server?: string
  /** From 1; absent: the first that runs. */
  replica?: number
}

/** Starts a program on the streams of whoever asked, and returns its exit code. */
export type Attach = (program: string, argv: readonly string[]) => Promise<number>

export interface BackupRequest {
  signal: AbortSignal
  note: (text: string) => void
}

export interface StatusRequest {
  /** Run the alert hook when what serves went down, or came back, since this was last asked. */
  alert: boolean
}

export interface StatusReport {
  app: string
  environment: string
  project: string
  /** What serves now; absent: nothing was deployed yet. */
  current?: CurrentRelease
  services: ServiceStatus[]
  /** The release before, still running: a rollback to it takes a moment. */
  warm?: WarmStatus
  edge: EdgeStatus
  /** Absent: the app has no database. */
  database?: DatabaseStatus
  lastDeployment?: DeploymentRecord
  /** A deployment that died before its end; the next command brings it to one. */
  unfinished?: DeploymentId
  /** Absent: it was not asked for, or somebody deploys just now. */
  alert?: AlertStatus
  lock?: LockHolder
  /** Absent: the environment has one server. Else all above is what the deciding one says, and services of all. */
  servers?: ServerStatus[]
}

/** One of several servers. */
export interface ServerStatus {
  server: string
  host: string
  decides: boolean
  /** Why nothing is known of it. */
  unreachable?: string
  release?: ReleaseId
  edge?: EdgeStatus
  unfinished?: DeploymentId
  lock?: LockHolder
}

export interface AlertStatus {
  problems: string[]
  /** Absent: it is no news. */
  told?: 'down' | 'recovered'
}

export interface WarmStatus {
  release: ReleaseId
  until: string
  /** Whether a process watches the release that serves, and stops the warm one in the end. */
  tended: boolean
}

export interface CurrentRelease {
  release: ReleaseId
  version: string
  commit?: Commit
  since: string
  /** Of the encrypted file that it was made with; absent: it had none. */
  secretsRevision?: number
}

export interface ServiceStatus {
  name: string
  /** Absent: the environment has one. */
  server?: string
  role: ServiceRole
  /** As a registry knows it; absent: it was built or loaded there. */
  image?: string
  containers: Pick<ContainerState, 'name' | 'status' | 'health' | 'restarts' | 'exitCode' | 'outOfMemory'>[]
}

export interface EdgeStatus {
  mode: EdgeConfig['mode']
  /** Where the app answers: `https://shop.example.com`, `http://127.0.0.1:8080`. */
  addresses: string[]
  /** Read from the link itself. */
  live?: ReleaseId | 'held'
}

export interface DatabaseStatus {
  name: string
  reachable: boolean
  sizeBytes?: number
  /** Databases that Slipway keeps of earlier swaps, newest first. */
  leftBehind: string[]
}

export interface LockHolder {
  purpose: string
  by?: string
  since?: string
}

export interface CheckedService {
  name: string
  role: string
  /** Of several servers, those that run it; absent: the environment has one, or it is a job. */
  servers?: string[]
}

export interface CheckReport {
  file: string
  app: string
  environments: { name: string; project: string; production: boolean; services: CheckedService[] }[]
  /** Warnings; an error is thrown as CONFIG_INVALID. */
  warnings: Problem[]
  /** What Git keeps was searched for secrets in clear; absent: there is no repository, or Git does not read it. */
  scanned?: {
    files: number
    skipped: string[]
    /** Where that was asked for: how many commits, and how many files in them, each version counted. */
    history?: { commits: number; versions: number; tooLarge: number }
  }
}
