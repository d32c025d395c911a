import { SlipwayError } from '../support/errors.ts'
import type { RehearsalNote } from './experience.ts'
import type { Plan, Rehearsal } from './model.ts'
import type { Clock, ExperienceStore, RehearsalOrder, Rehearsals } from './ports.ts'

/** Runs a rehearsal and remembers what it took and said. One that failed on the copy has said something too. */
export async function rehearseAndRemember(input: RememberedRehearsal): Promise<Rehearsed> {
  const { rehearsals, clock, order } = input
  const startedAt = clock.monotonic()
  const seconds = (): number => Math.round(clock.monotonic() - startedAt) / 1000
  try {
    const rehearsal = await rehearsals.run(order, input.say)
    return { rehearsal, note: await remember(input, { seconds: seconds(), rehearsal }) }
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'REHEARSAL_FAILED' || order.signal.aborted) throw error
    const { message, why, next, output } = error
    const reasons = { ...(why === undefined ? {} : { why }), ...(next === undefined ? {} : { next }) }
    const failure = { message, ...reasons, output: [...output] }
    return { failed: error, note: await remember(input, { seconds: seconds(), failure }) }
  }
}

export interface RememberedRehearsal {
  plan: Plan
  order: RehearsalOrder
  rehearsals: Rehearsals
  experience: ExperienceStore | undefined
  clock: Clock
  say: (text: string) => void
}

export type Rehearsed = { note: RehearsalNote } & ({ rehearsal: Rehearsal } | { failed: SlipwayError })

type Result = { seconds: number } & (
  | { rehearsal: Rehearsal }
  | { failure: Extract<RehearsalNote, { failure: unknown }>['failure'] }
)

/** A note that can not be kept harms nobody: the next plan only knows less. */
async function remember({ plan, clock, experience }: RememberedRehearsal, result: Result): Promise<RehearsalNote> {
  const of = plan.rehearsal?.of
  const rehearsal: RehearsalNote = {
    ...(of === undefined ? {} : { of }),
    at: clock.now().toISOString(),
    mode: plan.config.rehearse.mode === 'schema' ? 'schema' : 'full',
    databaseBytes: plan.database?.bytes ?? 0,
    ...result,
  }
  await experience?.add({ rehearsal }).catch(() => undefined)
  return rehearsal
}
