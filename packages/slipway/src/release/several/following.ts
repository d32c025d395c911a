import { asSlipwayError, SlipwayError } from '../../support/errors.ts'
import type { Context } from '../context.ts'
import type { Decisions, Following, Report } from './agreement.ts'
import { paceMs, silenceMs } from './side.ts'

/** Tells how far this server has come; what was told is told again and again, so that a silence means a death. */
export function tells(context: Context, report: Report): void {
  context.report = { ...context.report, ...report }
}

/**
 * Asks until it is decided. Fails when all go back, and when the server that decides is silent for too long: until this
 * server has said that it is ready nothing can be switched without it, so it may go back by itself.
 */
export async function untilDecided<T>(
  context: Context,
  side: Following,
  read: (decisions: Decisions) => T | undefined,
): Promise<T> {
  const { clock } = context.ports
  let heardAt = clock.monotonic()
  for (;;) {
    const decisions = await side.ask(side.key, context.report).catch(() => undefined)
    if (decisions !== undefined) {
      heardAt = clock.monotonic()
      if (decisions.outcome === 'back') throw allGoBack(context, decisions)
      const found = read(decisions)
      if (found !== undefined) return found
    }
    if (clock.monotonic() - heardAt > silenceMs) throw silent(context)
    if (context.signal.aborted) throw interrupted()
    await clock.sleep(paceMs)
  }
}

/**
 * Asks until it is decided, however long that takes: a server that has said it is ready does not know what the others
 * do. With a limit it is a recovery, which somebody waits for and which the next command takes up again.
 */
export async function atAnyCost<T>(
  context: Context,
  side: Following,
  read: (decisions: Decisions) => T | undefined,
  limits: { limitMs?: number; silentMs?: number } = {},
): Promise<T> {
  const { clock } = context.ports
  const { limitMs = Number.POSITIVE_INFINITY, silentMs = limitMs } = limits
  const askedSince = clock.monotonic()
  for (let told = false; ; ) {
    const decisions = await side.ask(side.key, context.report).catch((error: unknown) => {
      if (!told) context.note(`the server that decides can not be asked: ${asSlipwayError(error, 'no answer').message}`)
      told = true
      return undefined
    })
    const found = decisions === undefined ? undefined : read(decisions)
    if (found !== undefined) return found
    if (clock.monotonic() - askedSince > (decisions === undefined ? silentMs : limitMs)) throw notToBeAsked(context)
    await clock.sleep(told ? paceMs * 4 : paceMs)
  }
}

/** While the steps are at work. Nobody waits for it. */
export function keepTelling(context: Context, side: Following): { stop(): void } {
  let stopped = false
  const tell = async (): Promise<void> => {
    while (!stopped) {
      if (context.report !== undefined) await side.ask(side.key, context.report).catch(() => undefined)
      await context.ports.clock.sleep(tellEveryMs)
    }
  }
  void tell()
  return {
    stop() {
      stopped = true
    },
  }
}

const tellEveryMs = 2000

function allGoBack({ plan }: Context, { why }: Decisions): SlipwayError {
  return new SlipwayError('ELSEWHERE_FAILED', 'All servers go back', {
    why: why ?? 'so the server that decides has decided',
    state: plan.current === undefined ? 'nothing serves yet' : `${plan.current.id} goes on serving`,
    next: 'Mend the cause and deploy again.',
  })
}

function silent({ plan }: Context): SlipwayError {
  return new SlipwayError('ELSEWHERE_FAILED', 'The server that decides is silent', {
    why: `it could not be asked for ${silenceMs / 1000} s`,
    state: plan.current === undefined ? 'nothing serves yet' : `${plan.current.id} goes on serving`,
    next: 'Look whether it runs and can be reached from here, and deploy again.',
  })
}

function notToBeAsked({ plan, facts }: Context): SlipwayError {
  const serves =
    facts.switched === true ? 'the new release serves here' : `${plan.current?.id ?? 'nothing'} serves here`
  return new SlipwayError('ELSEWHERE_FAILED', 'What was decided is not known here', {
    why: 'this server was ready to switch, and the server that decides can not be asked',
    state: facts.held === undefined ? serves : `${serves}, and requests wait`,
    next: 'Bring the server that decides back, or the way to it: any slipway command takes up here.',
  })
}

function interrupted(): SlipwayError {
  return new SlipwayError('INTERRUPTED', 'Interrupted while the servers waited for each other', {
    state: 'what was begun is undone on all of them',
    next: 'Deploy again when ready.',
  })
}
