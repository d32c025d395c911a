import type { DeploymentId, Facts, Outcome, Plan, ReleaseId, StepName } from './model.ts'

/** The one event stream: the journal, the terminal, `--json`, GitHub annotations and history are renderings of it. */
export type Event = { at: string; on?: OnServer } & EventBody

/** Of several servers, where it happened. Only whoever watches all of them needs it: no journal has it. */
export interface OnServer {
  server: string
  /** It decides for all, and what it says of the deployment counts. */
  decides: boolean
}

export type EventBody =
  | {
      type: 'deployment-started'
      id: DeploymentId
      kind: Plan['kind']
      app: string
      environment: string
      by: string
      pid: number
    }
  | { type: 'planned'; plan: PlanSummary }
  | { type: 'step-started'; step: StepName; does: string }
  | { type: 'step-note'; step: StepName; text: string }
  | { type: 'step-fact'; step: StepName; facts: Partial<Facts> }
  | { type: 'step-finished'; step: StepName; seconds: number; summary?: string }
  | { type: 'step-skipped'; step: StepName; why: string }
  | { type: 'step-failed'; step: StepName; seconds: number; failure: Failure }
  | { type: 'undo-started'; step: StepName; does: string }
  | { type: 'undo-finished'; step: StepName; seconds: number }
  | { type: 'undo-failed'; step: StepName; failure: Failure }
  | { type: 'recovering'; id: DeploymentId; towards: 'old' | 'new' }
  | {
      type: 'deployment-finished'
      id: DeploymentId
      outcome: Outcome
      seconds: number
      release?: ReleaseId
      /** What serves now, in words. */
      serving: string
      heldMs?: number
    }

export interface PlanSummary {
  kind: Plan['kind']
  version: string
  current?: ReleaseId
  target?: ReleaseId
  warm?: true
  migration: Plan['migration']
  data: Plan['data']
}

export interface Failure {
  code: string
  message: string
  why?: string
  state?: string
  next?: string
  output: string[]
}
