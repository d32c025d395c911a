import { asSlipwayError, SlipwayError } from '../support/errors.ts'
import { makeContext, releaseOf, type Context, type Step } from './context.ts'
import { removeCopy } from './copy-ahead.ts'
import type { Event, EventBody } from './events.ts'
import { watchEngine } from './engine-silence.ts'
import { failureOf } from './failure.ts'
import { goForward } from './forward.ts'
import { withinHoldLimit } from './hold-limit.ts'
import type { DeploymentId, DeploymentRecord, Outcome, Plan } from './model.ts'
import type { DatabaseState, Ports } from './ports.ts'
import { recordOf } from './record.ts'
import { recover } from './recover.ts'
import type { RunOptions } from './request.ts'
import { settle } from './several/settle.ts'
import { beginTogether } from './several/together.ts'
import { steps } from './steps.ts'
import { undo } from './undo.ts'

/**
 * One deployment or rollback: lock, finish what an earlier run left, plan, then the steps.
 * Before the switch a failure undoes everything; after it nothing is undone.
 * Throws only when nothing was begun (LOCKED, planning errors); else the record tells how it ended.
 */
export async function runDeployment(options: RunOptions, ports: Ports): Promise<DeploymentRecord> {
  const lock = await ports.lock.acquire(options.purpose)
  try {
    await recover(ports, options)
    const plan = await options.makePlan()
    const id = await ports.journal.nextId()
    const journal = await ports.journal.open(id)
    try {
      return await new Deployment(id, plan, ports, options, event => journal.append(event)).watched()
    } finally {
      await journal.close()
    }
  } finally {
    await lock.release()
  }
}

class Deployment {
  private readonly id: DeploymentId
  private readonly ports: Ports
  private readonly options: RunOptions
  private readonly append: (event: Event) => Promise<void>
  private readonly context: Context
  private readonly startedAt: Date
  private readonly startedMonotonic: number
  private readonly started: Step[] = []
  private heldMs: number | undefined

  constructor(
    id: DeploymentId,
    plan: Plan,
    ports: Ports,
    options: RunOptions,
    append: (event: Event) => Promise<void>,
  ) {
    this.id = id
    this.ports = ports
    this.options = options
    this.append = append
    this.startedAt = ports.clock.now()
    this.startedMonotonic = ports.clock.monotonic()
    this.context = makeContext(plan, {}, ports, this.startedAt, options.signal, body => this.emit(body))
  }

  async watched(): Promise<DeploymentRecord> {
    const engine = watchEngine(this.context)
    try {
      return await this.run()
    } finally {
      engine.stop()
    }
  }

  private async run(): Promise<DeploymentRecord> {
    const { plan } = this.context
    await this.emit({
      type: 'deployment-started',
      id: this.id,
      kind: plan.kind,
      app: plan.app,
      environment: plan.environment,
      by: this.options.by,
      pid: process.pid,
    })
    await this.emit({ type: 'planned', plan: summaryOf(plan) })
    const presence = await beginTogether(this.context, this.id)
    try {
      return await this.runSteps()
    } finally {
      presence.stop()
    }
  }

  private async runSteps(): Promise<DeploymentRecord> {
    for (const step of steps) {
      if (this.context.facts.unchanged === true) return this.endUnchanged()
      const failure = await this.runStep(step)
      if (failure !== undefined) return this.fail(step, failure)
    }
    return this.finish('deployed', `${releaseOf(this.context).id} serves`)
  }

  private async runStep(step: Step): Promise<SlipwayError | undefined> {
    const { context } = this
    const startedAt = this.ports.clock.monotonic()
    try {
      if (context.signal.aborted && context.facts.switched !== true) throw interrupted(step)
      const why = await step.skip?.(context)
      if (why !== undefined) {
        await context.emit({ type: 'step-skipped', step: step.name, why })
        return undefined
      }
      // Begun even if the note of it fails: the journal may hold it all the same, and a recovery would undo it.
      this.started.push(step)
      await context.emit({ type: 'step-started', step: step.name, does: step.does(context) })
      await step.agree?.(context)
      const summary = await withinHoldLimit(step.apply(context), context)
      if (step.name === 'switch') this.endHold()
      await context.emit({
        type: 'step-finished',
        step: step.name,
        seconds: this.since(startedAt),
        ...(summary === undefined ? {} : { summary }),
      })
      return undefined
    } catch (thrown) {
      const error = asSlipwayError(thrown, `The step ${step.name} failed`)
      await context.emit({
        type: 'step-failed',
        step: step.name,
        seconds: this.since(startedAt),
        failure: failureOf(error),
      })
      return error
    }
  }

  private async fail(step: Step, error: SlipwayError): Promise<DeploymentRecord> {
    const { context } = this
    const failure = {
      step: step.name,
      code: error.code,
      message: error.message,
      ...(error.why === undefined ? {} : { why: error.why }),
    }
    if (
      (await settle(context, { why: error.why === undefined ? error.message : `${error.message}: ${error.why}` })) ===
      'new'
    ) {
      this.endHold()
      const ended = await goForward(context)
      const serving = `${releaseOf(context).id} serves`
      return ended
        ? this.finish('deployed', serving)
        : this.finish('needs-person', `${serving}, but the old release is not put away`, failure)
    }
    const changed = this.started.some(each => changesWhatRuns.has(each.name))
    const undone = await undo(this.started, context)
    this.endHold()
    const { current } = context.plan
    if (!undone) return this.finish('needs-person', 'unknown: the way back itself failed', failure)
    await this.ports.hooks
      .run('onFailure', { SLIPWAY_PROJECT: context.plan.project, SLIPWAY_CODE: error.code })
      .catch(() => undefined)
    return this.finish(
      changed ? 'rolled-back' : 'failed',
      current === undefined ? 'nothing' : `${current.id} serves`,
      failure,
    )
  }

  private async endUnchanged(): Promise<DeploymentRecord> {
    const { current } = this.context.plan
    await undo(
      this.started.filter(step => step.name === 'fetch'),
      this.context,
    )
    return this.finish('unchanged', `${current?.id} serves`)
  }

  private async finish(
    outcome: Outcome,
    serving: string,
    failure?: DeploymentRecord['failure'],
  ): Promise<DeploymentRecord> {
    await this.removeCopy()
    const database = outcome === 'deployed' ? await this.stateAtEnd() : undefined
    const record = recordOf({
      id: this.id,
      plan: this.context.plan,
      facts: this.context.facts,
      startedAt: this.startedAt,
      seconds: this.since(this.startedMonotonic),
      outcome,
      by: this.options.by,
      failure,
      heldMs: this.heldMs,
      databaseFingerprint: database?.fingerprint,
    })
    await this.ports.journal.record(record)
    await this.emit({
      type: 'deployment-finished',
      id: this.id,
      outcome,
      seconds: record.seconds,
      serving,
      ...(record.release === undefined ? {} : { release: record.release }),
      ...(record.heldMs === undefined ? {} : { heldMs: record.heldMs }),
    })
    return record
  }

  private stateAtEnd(): Promise<DatabaseState | undefined> | undefined {
    return this.context.stateAtEnd ?? this.ports.database?.state().catch(() => undefined)
  }

  /** Should it fail, what is there of the copy is found by its folder, and goes with the next command. */
  private async removeCopy(): Promise<void> {
    await removeCopy(this.context).catch((error: unknown) =>
      this.context.note(
        `the copy of the rehearsal is still there: ${error instanceof Error ? error.message : String(error)}`,
      ),
    )
  }

  private endHold(): void {
    const { heldAt, letGoAt } = this.context
    if (heldAt === undefined || this.heldMs !== undefined) return
    this.heldMs = Math.round((letGoAt ?? this.ports.clock.monotonic()) - heldAt)
  }

  private since(monotonic: number): number {
    return Math.round(this.ports.clock.monotonic() - monotonic) / 1000
  }

  private async emit(body: EventBody): Promise<void> {
    const at = body.type === 'deployment-started' ? this.startedAt : this.ports.clock.now()
    const event: Event = { at: at.toISOString(), ...body }
    await this.append(event)
    this.options.listen(event)
  }
}

/** Steps after which something that runs may differ; a failure before them changed nothing. */
const changesWhatRuns = new Set<Step['name']>(['restore', 'hold', 'state', 'migrate', 'start', 'gate', 'switch'])

function summaryOf(plan: Plan): Extract<EventBody, { type: 'planned' }>['plan'] {
  return {
    kind: plan.kind,
    version: plan.version,
    migration: plan.migration,
    data: plan.data,
    ...(plan.current === undefined ? {} : { current: plan.current.id }),
    ...(plan.target === undefined ? {} : { target: plan.target.id }),
    ...(plan.warm === undefined ? {} : { warm: plan.warm }),
  }
}

function interrupted(step: Step): SlipwayError {
  return new SlipwayError('INTERRUPTED', `Interrupted before the step ${step.name}`, {
    state: 'what was begun is undone',
    next: 'Deploy again when ready.',
  })
}
