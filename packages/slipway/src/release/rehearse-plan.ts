import { SlipwayError } from '../support/errors.ts'
import type { RehearsalNote } from './experience.ts'
import type { Plan, Release } from './model.ts'
import type { Ports } from './ports.ts'
import { reportOf } from './rehearsal-report.ts'
import { rehearseAndRemember } from './remember.ts'

/**
 * Rehearses what a plan would migrate, without a deployment: images are built and forgotten again, the live database is
 * only read, nothing that serves is touched. Runs under the lock. A rehearsal that fails is an answer, not an error.
 */
export async function rehearsePlan(plan: Plan, ports: Ports, request: RehearsalRequest): Promise<Plan> {
  const { current } = plan
  const why = notRehearsed(plan, ports)
  if (why !== undefined || current === undefined) {
    request.say(`not rehearsed: ${why}`)
    return plan
  }
  for (const warning of await ports.checks.preflight(plan, 'look')) request.say(warning)
  const note = await onCopy(plan, current, ports, request)
  return { ...plan, rehearsal: { ...plan.rehearsal, report: reportOf(note, current.id, plan.config.hold.limitMs) } }
}

export interface RehearsalRequest {
  signal: AbortSignal
  say: (text: string) => void
}

/** Why a migration is not rehearsed; undefined: it is. Pure. */
export function notRehearsed(plan: Plan, ports: Pick<Ports, 'rehearsals'>): string | undefined {
  if (plan.migration.kind !== 'pending') return 'nothing to rehearse'
  if (plan.current === undefined) return 'first deployment: nothing can break'
  if (plan.current.database === undefined) return `${plan.current.id} has no database: nothing can break`
  if (ports.rehearsals === undefined) return 'the app has no database'
  return plan.config.rehearse.mode === 'off' ? 'rehearse is off: the migration is run inside a hold' : undefined
}

async function onCopy(plan: Plan, current: Release, ports: Ports, request: RehearsalRequest): Promise<RehearsalNote> {
  const { rehearsals, clock, experience } = ports
  const { signal, say } = request
  if (rehearsals === undefined) throw new SlipwayError('BUG', 'Nothing to rehearse with')
  const copy = rehearsals.prepare(current)
  copy.catch(() => undefined)
  let release: Release | undefined
  try {
    release = await ports.source.fetch(plan, await ports.releases.nextId(), say)
    await copy
    if (signal.aborted) throw new SlipwayError('INTERRUPTED', 'Interrupted', { state: 'production was not touched' })
    say('the images are there, copying the database')
    const order = { release, current, config: plan.config, signal }
    return (await rehearseAndRemember({ plan, order, rehearsals, experience, clock, say })).note
  } finally {
    await copy.catch(() => undefined)
    await rehearsals.remove(current)
    if (release !== undefined) await ports.source.discard(release.id)
  }
}
