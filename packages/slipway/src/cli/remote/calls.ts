import type { ContainerRequest, LogLine, LogsRequest, StatusReport, PlanRequest } from '../application.ts'
import type { Event } from '../../release/events.ts'
import type { Commit, DeploymentRecord, Plan } from '../../release/model.ts'
import type { BackupFile } from '../../release/ports.ts'
import type { ProvenRelease } from '../../release/promotion.ts'
import type { Way } from '../../runner/agreement/way.ts'
import type { Manifest } from '../../runner/manifest.ts'
import type { RunId } from '../../runner/names.ts'
import type { Ended } from '../../runner/run-lines.ts'
import type { Order } from '../../runner/runs.ts'
import type { HandedOver } from '../../secrets/handed-over.ts'
import type { HostKey } from '../../servers/ssh/pinned-keys.ts'

/**
 * What the operator's side asks of the server's, by name: what is sent, what is told meanwhile, what is answered. Both
 * sides are of one version, because the image's name holds it.
 */
export interface Calls {
  /** Which contents are missing there. */
  offer: { sent: { manifest: Manifest }; told: never; answer: { needed: string[] } }
  /** All was sent: from here on the calls are about this code. */
  accept: { sent: Project; told: never; answer: { folder: string } }
  /** The server fetches the code itself, and tells what it needs to use it. */
  fetch: { sent: FetchRequest; told: never; answer: Fetched }
  /** All that was asked for was given: from here on the calls are about what was fetched. */
  take: {
    sent: Omit<Project, 'commit'> & { environmentFile?: EnvironmentFile }
    told: never
    answer: { folder: string }
  }
  /** The calls are about the code that was deployed last; false: none was. */
  open: { sent: object; told: never; answer: { opened: boolean; folder?: string } }
  plan: { sent: Pick<PlanRequest, 'rehearse' | 'promotion'>; told: { note: string }; answer: Plan }
  proven: { sent: object; told: never; answer: ProvenRelease }
  status: { sent: { alert: boolean }; told: never; answer: StatusReport }
  history: { sent: object; told: never; answer: DeploymentRecord[] }
  logs: { sent: Omit<LogsRequest, 'signal'>; told: LogLine; answer: number }
  /** Where a command would run: the id of the container. */
  container: { sent: ContainerRequest; told: never; answer: { id: string } }
  backup: { sent: object; told: { note: string }; answer: BackupFile }
  resume: { sent: object; told: Event; answer: DeploymentRecord | null }
  /** Of several servers, one that does not decide: the public half of its key, which is made when there is none. */
  followerKey: { sent: object; told: never; answer: { publicKey: string } }
  /** The one that decides: how those keys are let in there, as lines of authorized_keys and what marks them. */
  admit: { sent: { followers: Record<string, string> }; told: never; answer: { mark: string; lines: string[] } }
  /** One that does not decide is told how the one that does is reached. */
  introduce: { sent: { way: Way }; told: never; answer: null }
  /** A runner is started that waits for its order: meanwhile the code is sent. */
  arm: { sent: object; told: never; answer: { run: RunId } }
  /** Gives it its order. */
  start: {
    sent: Pick<Order, 'act' | 'by' | 'rollback' | 'promotion' | 'agreementKey'>
    told: never
    answer: { run: RunId }
  }
  /** Asks a runner to end at its next safe point. */
  interrupt: { sent: { run: RunId }; told: never; answer: null }
  /** Follows a runner, the newest one unless it is named; null: there was none. */
  follow: {
    sent: { run?: RunId; from: number }
    told: { run: RunId; number: number; event: Event }
    answer: Followed | null
  }
}

export type Followed = { run: RunId; ended: Ended } | { run: RunId; died: true }

export type CallName = keyof Calls

/** What was sent, beside its files. */
export interface Project {
  file: string
  commit?: Commit
  variables: Variables
  /** For registries: those that are set on the operator's side and stand in no file. */
  passwords?: Variables
  /** Of the environment's encrypted file, if it has one. */
  secrets?: HandedOver
}

/** Where code is fetched from. */
export interface FetchRequest {
  repository: string
  branch: string
  /** Its full name; absent: the newest of the branch. */
  commit?: string
  /** Of slipway.yaml in the repository: `` or `apps/shop/`. */
  folder: string
  file: string
  /** By which the repository's host is known, when it is reached over SSH. */
  hostKeys: HostKey[]
  token?: string
}

export interface Fetched {
  commit: Commit
  /** The variables that its Compose files ask for. */
  asked: string[]
  /** Its encrypted file, as it is. */
  sealed?: string
}

/** What is not in Git and belongs beside it. */
export interface EnvironmentFile {
  path: string
  text: string
}

/** What the Compose files ask for and the operator's environment has. */
export type Variables = Readonly<Record<string, string>>

export interface Hello {
  version: string
  /** The server's clock. */
  now: string
}
