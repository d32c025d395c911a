import { asSlipwayError, SlipwayError } from '../../support/errors.ts'
import type { Context } from '../context.ts'
import { stages, type Decisions, type Outcome, type Report, type Stage, type Verdict } from './agreement.ts'
import { paceMs, silenceMs, type Side } from './side.ts'

export type DecidingSide = Extract<Side, { role: 'decides' }>

/**
 * Waits until all other servers have come as far as this. Fails when one of them has failed, or is silent for too long:
 * as long as they talk, what they do has limits of its own. `isEnough` ends it earlier.
 */
export async function allAt(
  context: Context,
  side: DecidingSide,
  stage: Stage,
  isEnough: (reports: Reports) => boolean = () => false,
): Promise<Reports> {
  const { clock } = context.ports
  const waitingSince = clock.monotonic()
  for (let readAt = waitingSince; ; ) {
    // What can not be read this time may be there all the same: after the decision, who took it for silence would put
    // the old release away under a server that has not switched yet.
    const heard = await side.heard(side.key).catch((error: unknown) => {
      if (clock.monotonic() - readAt > silenceMs) throw error
      return undefined
    })
    if (heard === undefined) {
      await clock.sleep(paceMs)
      continue
    }
    readAt = clock.monotonic()
    const reports = new Map([...heard].map(([server, { report }]) => [server, report]))
    for (const [server, report] of reports) if (report.stage === 'failed') throw failedThere(context, server, report)
    if (isEnough(reports) || side.servers.every(server => hasComeTo(stage, reports.get(server)))) return reports
    const waited = clock.monotonic() - waitingSince
    for (const server of side.servers) {
      const silent = Math.min(waited, heard.get(server)?.silentMs ?? waited)
      if (!hasComeTo(stage, reports.get(server)) && silent > silenceMs) throw silentThere(context, server)
    }
    if (context.signal.aborted) throw interrupted()
    // The limit of a hold was reached meanwhile, and nobody waits for this any more.
    if (context.facts.outcome === 'back') throw new SlipwayError('ELSEWHERE_FAILED', 'All servers go back')
    await clock.sleep(paceMs)
  }
}

export type Reports = ReadonlyMap<string, Report>

function hasComeTo(stage: Stage, report: Report | undefined): boolean {
  return report !== undefined && stages.indexOf(report.stage) >= stages.indexOf(stage)
}

/**
 * The decision: of whatever was written to the journal, the first counts, and it counts once it is on disk. A note that
 * failed may be there all the same, so the disk is asked, not the note. Fails only when neither can be had: then nothing
 * may be done, neither forth nor back.
 */
export async function decideOutcome(
  context: Context,
  side: DecidingSide,
  wanted: Outcome,
  why?: string,
): Promise<Outcome> {
  const outcome = await decided(
    context,
    side,
    ({ outcome: first }) => first,
    () => context.learn({ outcome: wanted, ...(why === undefined ? {} : { outcomeWhy: why }) }),
  )
  context.facts.outcome = outcome
  return outcome
}

/** What follows on a switch, decided in the same way. */
export async function decideVerdict(context: Context, side: DecidingSide, wanted: Verdict): Promise<Verdict> {
  const verdict = await decided(
    context,
    side,
    ({ verdict: first }) => first,
    () => context.learn({ verdict: wanted }),
  )
  context.facts.verdict = verdict
  return verdict
}

async function decided<T>(
  context: Context,
  side: DecidingSide,
  read: (decisions: Decisions) => T | undefined,
  note: () => Promise<void>,
): Promise<T> {
  let failure: unknown
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      const before = read(await side.decisions(side.key))
      if (before !== undefined) return before
      await note()
    } catch (error) {
      failure = error
      await context.ports.clock.sleep(paceMs * attempt)
    }
  }
  const after = read(await side.decisions(side.key).catch((): Decisions => ({})))
  if (after !== undefined) return after
  throw new SlipwayError('NEEDS_PERSON', 'What the servers are to do could not be decided', {
    why: `the journal can not be written: ${asSlipwayError(failure, 'the note failed').message}`,
    state: 'nothing was switched; requests may be waiting on all servers',
    next: 'Mend the disk and run any slipway command again: it takes up here.',
  })
}

const attempts = 5

function failedThere(context: Context, server: string, { why }: Report): SlipwayError {
  return new SlipwayError('ELSEWHERE_FAILED', `The server ${server} could not go on`, {
    why: why ?? 'it did not say why',
    state: staysEverywhere(context),
    next: 'Mend the cause and deploy again.',
  })
}

function silentThere(context: Context, server: string): SlipwayError {
  return new SlipwayError('ELSEWHERE_FAILED', `The server ${server} is silent`, {
    why: `nothing was heard from it for ${silenceMs / 1000} s`,
    state: staysEverywhere(context),
    next: `Look whether ${server} runs and reaches the server that decides, and deploy again.`,
  })
}

function interrupted(): SlipwayError {
  return new SlipwayError('INTERRUPTED', 'Interrupted while the servers waited for each other', {
    state: 'what was begun is undone on all of them',
    next: 'Deploy again when ready.',
  })
}

function staysEverywhere({ plan }: Context): string {
  return plan.current === undefined ? 'nothing serves yet' : `${plan.current.id} goes on serving on all servers`
}
