import type { BackupAhead } from './backup-ahead.ts'
import type { EventBody } from './events.ts'
import type { Facts, Plan, Release, StepName } from './model.ts'
import type { DatabaseState, Ports } from './ports.ts'
import type { Report } from './several/agreement.ts'
import { SlipwayError } from '../support/errors.ts'

/** What every step sees: the plan, what was learnt so far, and the outside world. */
export interface Context {
  plan: Plan
  facts: Facts
  ports: Ports
  /** When the deployment began, as its journal tells it: whoever takes it up again knows the same moment. */
  startedAt: Date
  /** Set by the first Ctrl-C: the deployment ends at the next safe point. */
  signal: AbortSignal
  /** The moment (monotonic) at which requests began to wait. */
  heldAt?: number
  /** The moment (monotonic) at which a hold that is on reaches its limit. */
  holdEndsAt?: number
  /** The same, also on the way back, and for a recovery: until those who wait are let go. */
  heldUntil?: number
  /** The engine did not answer, and those who waited were let go to the old release: nothing may be switched any more. */
  hasGivenUp?: boolean
  /** A watch that was cut off: the old release stays warm at least this long, and with it the watch goes on. */
  watchLeftMs?: number
  /** The moment (monotonic) before which nothing of the release was started. */
  notStartedBefore?: number
  /** The database when nothing more will be done to it; undefined: it could not be read, or there is none. */
  stateAtEnd?: Promise<DatabaseState | undefined> | undefined
  /** A copy of the database that is being started ahead of its use. */
  copy?: Promise<void>
  /** A backup that is being made ahead of its step. */
  backupAhead?: BackupAhead
  /** The copy's data, restored from that; with the seconds that took. */
  filled?: Promise<number>
  /** The migration is being made ready on the copy. */
  staged?: Promise<void>
  /** The copy has served its purpose, and is being removed. */
  removing?: Promise<void>
  /** The moment (monotonic) at which the requests that waited were let go. */
  letGoAt?: number
  /** What this server tells the one that decides, if there are several. */
  report?: Report
  /** With several servers: why the new release does badly here. They decide together what follows from it. */
  unwell?: string
  /** Keeps facts in the journal, on disk, before the step goes on. */
  learn(facts: Partial<Facts>): Promise<void>
  note(text: string): void
  emit(event: EventBody): Promise<void>
}

/** One reversible act of a deployment. `undo` must be safe to repeat, and to run when `apply` died half way. */
export interface Step {
  name: StepName
  does(context: Context): string
  /** Why there is nothing to do this time. */
  skip?(context: Context): string | undefined | Promise<string | undefined>
  /** What has to be agreed with other servers first. The limit of a hold does not cut it off. */
  agree?(context: Context): Promise<void>
  /** Returns a short summary for the log. */
  apply(context: Context): Promise<string | undefined>
  undo?: { does(context: Context): string; run(context: Context): Promise<void> }
}

/** The release that this deployment makes current: fetched, or the target of a rollback. */
export function releaseOf(context: Context): Release {
  const release = context.facts.release ?? context.plan.target
  if (release === undefined) throw new SlipwayError('BUG', 'A step ran before the release was fetched')
  return release
}

/** What this deployment calls the databases it makes: the same however often it is taken up again. */
export function label(context: Context): string {
  return `${releaseOf(context).id}_${context.startedAt.toISOString().replace(/[-:.]/g, '').slice(0, 18)}`
}

export function webServices(release: Release): string[] {
  return release.services.filter(service => service.role === 'web').map(service => service.name)
}

/** How long something inside a hold may take, at most `milliseconds`. */
export function withinHold(context: Context, milliseconds: number): number {
  if (context.holdEndsAt === undefined) return milliseconds
  return Math.max(0, Math.min(milliseconds, context.holdEndsAt - context.ports.clock.monotonic()))
}

export function makeContext(
  plan: Plan,
  facts: Facts,
  ports: Ports,
  startedAt: Date,
  signal: AbortSignal,
  emit: (body: EventBody) => Promise<void>,
): Context {
  let step: Step['name'] = 'lock'
  return {
    plan,
    facts,
    ports,
    startedAt,
    signal,
    async learn(more) {
      // On disk first: what is known only here would be relied on by a retry, and missing from the journal after a death.
      await emit({ type: 'step-fact', step, facts: more })
      Object.assign(facts, more)
    },
    note(text) {
      // A note that can not be kept harms nobody; what must be kept goes through `learn`.
      emit({ type: 'step-note', step, text }).catch(() => undefined)
    },
    async emit(body) {
      if ('step' in body) step = body.step
      await emit(body)
    },
  }
}

/** The app gets its first database by this deployment: the release that serves has none, and none is there before `state`. */
export function awaitsDatabase({ current, database }: Pick<Plan, 'current' | 'database'>): boolean {
  return current !== undefined && current.database === undefined && database === undefined
}

/** The link on disk is the truth: a switch that died after its rename has happened. */
export async function hasSwitched(context: Context): Promise<boolean> {
  if (context.facts.returning === true) return false
  if (context.facts.switched === true) return true
  const release = context.facts.release ?? context.plan.target
  if (release === undefined || !release.services.some(service => service.role === 'web')) return false
  return (await context.ports.edge.live()) === release.id && context.plan.current?.id !== release.id
}
