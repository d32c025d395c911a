import { SlipwayError } from '../support/errors.ts'
import { watchEngine } from './engine-silence.ts'
import type { Event } from './events.ts'
import { goForward } from './forward.ts'
import type { DeploymentId, DeploymentRecord, Facts, Plan, StepName } from './model.ts'
import type { Ports } from './ports.ts'
import { recordOf } from './record.ts'
import { makeContext, releaseOf, webServices, type Context } from './context.ts'
import type { RunOptions } from './request.ts'
import { settle } from './several/settle.ts'
import { steps } from './steps.ts'
import { watch } from './steps/watch.ts'
import { undo } from './undo.ts'

/** Ends a deployment whose process died: all-old before the switch, all-new after it. Runs under the lock. */
export async function recover(ports: Ports, options: RecoverOptions): Promise<DeploymentRecord | undefined> {
  const id = await ports.journal.unfinished()
  if (id === undefined) return undefined
  const events = await ports.journal.read(id)
  const journal = await ports.journal.open(id)
  try {
    return await end(id, events, ports, options, event => journal.append(event))
  } finally {
    await journal.close()
  }
}

async function end(
  id: DeploymentId,
  events: Event[],
  ports: Ports,
  options: RecoverOptions,
  append: (event: Event) => Promise<void>,
): Promise<DeploymentRecord> {
  const plan = await planOf(id, events, ports, options)
  const startedAt = new Date(events[0]?.at ?? ports.clock.now())
  const context = makeContext(plan, factsOf(events), ports, startedAt, new AbortController().signal, async body => {
    const event: Event = { at: ports.clock.now().toISOString(), ...body }
    await append(event)
    options.listen(event)
  })
  const forward = (await settle(context, { why: 'its process died', limitMs: askedForMs })) === 'new'
  await context.emit({ type: 'recovering', id, towards: forward ? 'new' : 'old' })
  if (!forward) keepHoldLimit(context, events)
  const engine = watchEngine(context)
  const ended = await (forward ? goOn(context, events) : goBack(context, events)).finally(() => engine.stop())
  if (!ended) {
    throw new SlipwayError('NEEDS_PERSON', `The deployment ${id} was cut off and can not be brought to an end`, {
      why: 'one of its steps fails again and again; see above',
      state: forward
        ? `${releaseOf(context).id} serves`
        : 'requests may be refused until this is mended; no data was removed',
      next: 'Mend the cause and run any slipway command again: it takes up here.',
    })
  }
  const record = recordOf({
    id,
    plan,
    facts: context.facts,
    startedAt,
    // Between two processes there is only the clock on the wall, which may have been set back.
    seconds: Math.max(0, ports.clock.now().getTime() - startedAt.getTime()) / 1000,
    outcome: forward ? 'deployed' : 'rolled-back',
    by: options.by,
    failure: forward ? undefined : { step: lastStep(events), code: 'INTERRUPTED', message: 'Its process died' },
    heldMs: undefined,
    databaseFingerprint: forward ? (await ports.database?.state().catch(() => undefined))?.fingerprint : undefined,
  })
  await ports.journal.record(record)
  await context.emit({
    type: 'deployment-finished',
    id,
    outcome: record.outcome,
    seconds: record.seconds,
    serving: forward ? `${releaseOf(context).id} serves` : `${plan.current?.id ?? 'nothing'} serves`,
  })
  return record
}

/** Somebody waits for it: what can not be asked now is asked by the next command. */
const askedForMs = 120_000

/** Nobody was there to see how the release did after the switch: the old one stays, and it is watched in the background. */
async function goOn(context: Context, events: readonly Event[]): Promise<boolean> {
  const watched = events.some(event => event.type === 'step-finished' && event.step === 'watch')
  if (!watched && watch.skip?.(context) === undefined) context.watchLeftMs = context.plan.config.watch.forMs
  return goForward(context)
}

async function goBack(context: Context, events: readonly Event[]): Promise<boolean> {
  const begun = startedSteps(events)
  const startedAt = context.ports.clock.monotonic()
  const toUndo = steps.filter(step => begun.has(step.name))
  if (!(await undo(toUndo, context))) return false
  if (begun.has('state') || context.facts.madeReady === true) await removeLate(context, startedAt)
  return true
}

/**
 * The programs of who died have ended, but what they had asked the engine for it may do all the same, and a little later:
 * after it was looked for. Nobody waits for anything any more by now.
 */
async function removeLate(context: Context, startedAt: number): Promise<void> {
  const { clock, engine, edge } = context.ports
  const release = releaseOf(context)
  await clock.sleep(Math.max(0, engineIsDoneMs - (clock.monotonic() - startedAt)))
  const removed = [
    engine.remove(release, 'at-once'),
    ...(webServices(release).length === 0 ? [] : [edge.closeDoor(release)]),
  ]
  // What stays all the same is in nobody's way.
  await Promise.allSettled(removed)
}

const engineIsDoneMs = 2000

/** By the clock on the wall, as it began in another process, but never later than if it had begun now. */
function keepHoldLimit(context: Context, events: readonly Event[]): void {
  const heldAt = events.find(event => event.type === 'step-fact' && event.facts.held !== undefined)?.at
  if (heldAt === undefined) return
  const { limitMs } = context.plan.config.hold
  const { clock } = context.ports
  const waited = clock.now().getTime() - Date.parse(heldAt)
  context.heldUntil = clock.monotonic() + Math.min(limitMs, Math.max(0, limitMs - waited))
}

export type RecoverOptions = Pick<RunOptions, 'by' | 'planOf' | 'listen'>

/** The releases as they were when the deployment began: by now `current` may have moved. */
async function planOf(
  id: DeploymentId,
  events: readonly Event[],
  ports: Ports,
  options: RecoverOptions,
): Promise<Plan> {
  const { current: _current, target: _target, ...plan } = await options.planOf(id)
  const planned = events.find(event => event.type === 'planned')?.plan
  const current = planned?.current === undefined ? undefined : await ports.releases.get(planned.current)
  const target = planned?.target === undefined ? undefined : await ports.releases.get(planned.target)
  return {
    ...plan,
    ...(planned === undefined
      ? {}
      : { kind: planned.kind, version: planned.version, migration: planned.migration, data: planned.data }),
    ...(current === undefined ? {} : { current }),
    ...(target === undefined ? {} : { target }),
    ...(planned?.warm === undefined ? {} : { warm: planned.warm }),
  }
}

export function factsOf(events: readonly Event[]): Facts {
  const facts: Facts = {}
  for (const event of events) if (event.type === 'step-fact') Object.assign(facts, event.facts)
  return facts
}

function startedSteps(events: readonly Event[]): Set<StepName> {
  return new Set(events.filter(event => event.type === 'step-started').map(event => event.step))
}

function lastStep(events: readonly Event[]): StepName {
  return [...startedSteps(events)].at(-1) ?? 'lock'
}
