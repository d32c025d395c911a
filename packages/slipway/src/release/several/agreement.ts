import type { Event } from '../events.ts'
import type { ReleaseId } from '../model.ts'

/**
 * How the servers of one environment agree. One of them decides: the database's, and where there is none the first. What
 * it has decided is what its journal says; all others ask. Absent from the ports: the environment has one server.
 */
export type Agreement = Deciding | Following

/** The server that decides. */
export interface Deciding {
  role: 'decides'
  /** The others, by name. */
  servers: readonly string[]
  /** What each has told of this deployment, merged by `laterOf`. Silent: for how long nothing has come from it. */
  heard(key: AgreementKey): Promise<ReadonlyMap<string, { report: Report; silentMs: number }>>
  /** What others are answered: read from the journal, after an fsync of it. */
  decisions(key: AgreementKey): Promise<Decisions>
}

/** Every other server. */
export interface Following {
  role: 'follows'
  server: string
  /** Of the deployment that is to be carried out; those of earlier ones are in the journal. */
  key: AgreementKey
  /**
   * Tells, and is answered what has been decided. The answer comes from the disk of the server that decides, whether a
   * process is at work there or not; this fails, within seconds, when that server can not be reached. Asking without a
   * report is no sign of life: whoever takes up what another began can not speak for it.
   */
  ask(key: AgreementKey, report?: Report): Promise<Decisions>
}

/** One deployment of the environment: the deciding server's name for it, and when it began there. */
export type AgreementKey = `d${number}@${string}`

/** In the order in which a server comes through them; `failed` ends it wherever it is. */
export const stages = [
  'begun',
  'fetched',
  'poised',
  'quiet',
  'held',
  'answers',
  'ready',
  'watched',
  'returned',
  'failed',
] as const
export type Stage = (typeof stages)[number]

/** How far a server has come, and what the others must know of it. */
export interface Report {
  stage: Stage
  /** From `begun`: the first free number of a release there. */
  next?: ReleaseId
  /** From `fetched`: of the release that it is about to start. */
  fingerprint?: string
  /** From `fetched`: what serves there is the same already. */
  same?: boolean
  /** From `poised`: its own state services change, so that requests must wait. */
  wantsHold?: boolean
  /** From `watched`: the new release does badly there. With `failed`: why. */
  why?: string
}

/** What the journal of the deciding server says of one deployment. What is absent is not decided yet. */
export interface Decisions {
  release?: ReleaseId
  everywhere?: 'same' | 'differs'
  holds?: boolean
  /** Workers are quiet everywhere: requests wait from now on. */
  holdNow?: true
  /** Where the new release's own way to the database begins, on the private address of the server that decides. */
  path?: DatabasePathStart
  /** The database is ready for the new release. */
  mayStart?: true
  /** In a hold: web services answer well everywhere, and workers may begin. */
  workersMay?: true
  /** The one decision: before it all is old, after it all is new. */
  outcome?: Outcome
  why?: string
  /** All is old again, and so is the database: requests may go on. */
  restored?: true
  /** The way back itself failed, and nobody is at work on it any more. */
  stuck?: true
  /** What follows on a switch: the old releases are put away, or take over again. */
  verdict?: Verdict
}

export interface DatabasePathStart {
  port: number
}

export type Outcome = 'switch' | 'back'
export type Verdict = 'kept' | 'returned'

/**
 * Reads the decisions. A deployment that has ended, or is not known, without a decision to switch has not switched:
 * nobody has to write that down. Of two that contradict each other the first counts, for somebody may have acted on it.
 */
export function decisionsOf(key: AgreementKey, events: readonly Event[]): Decisions {
  const decisions: Decisions = {}
  let isKnown = false
  let hasEnded = false
  for (const event of events) {
    if (event.type === 'deployment-finished') {
      if (event.outcome === 'needs-person') decisions.stuck = true
      else hasEnded = true
    }
    if (event.type === 'recovering') delete decisions.stuck
    if (event.type !== 'step-fact') continue
    const { facts } = event
    if (facts.agreement?.key === key) isKnown = true
    if (facts.assigned !== undefined) decisions.release = facts.assigned
    if (facts.everywhere !== undefined) decisions.everywhere = facts.everywhere
    if (facts.holds !== undefined) decisions.holds = facts.holds
    if (facts.held !== undefined) decisions.holdNow = true
    if (facts.path !== undefined) decisions.path = facts.path
    if (facts.mayStart === true) decisions.mayStart = true
    if (facts.workersMay === true) decisions.workersMay = true
    if (facts.outcome !== undefined && decisions.outcome === undefined) {
      decisions.outcome = facts.outcome
      if (facts.outcomeWhy !== undefined) decisions.why = facts.outcomeWhy
    }
    if (facts.restored === true) decisions.restored = true
    if (facts.verdict !== undefined) decisions.verdict ??= facts.verdict
  }
  if (!isKnown) return { outcome: 'back', restored: true, why: 'the server that decides knows nothing of it' }
  if (!hasEnded) return decisions
  // Nothing was to be done: there is nothing to go back from.
  if (decisions.everywhere === 'same' && decisions.outcome === undefined) return decisions
  if (decisions.outcome === 'switch') return { verdict: 'kept', ...decisions }
  return { outcome: 'back', ...decisions, restored: true }
}

/** Whatever order reports arrive in, and however often: how far somebody was once is never forgotten. */
export function laterOf(before: Report | undefined, report: Report): Report {
  if (before === undefined) return report
  const isEarlier = stages.indexOf(report.stage) < stages.indexOf(before.stage)
  return isEarlier ? { ...report, ...before } : { ...before, ...report }
}

/** What the journal keeps of it, among the other facts of a deployment. */
export interface AgreedFacts {
  agreement?: { key: AgreementKey; role: Agreement['role'] }
  assigned?: ReleaseId
  everywhere?: 'same' | 'differs'
  holds?: boolean
  path?: DatabasePathStart
  mayStart?: true
  workersMay?: true
  /** A follower's: ready to switch, and from here on not free to go back by itself. */
  prepared?: true
  outcome?: Outcome
  outcomeWhy?: string
  restored?: true
  verdict?: Verdict
}
