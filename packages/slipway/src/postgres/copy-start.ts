import { setTimeout as sleep } from 'node:timers/promises'
import { enum as oneOf, number, object } from 'zod'
import { Bell } from '../release/bell.ts'
import { followLog } from '../support/container-log.ts'
import { askDocker, containerPath } from '../support/docker-socket.ts'
import { SlipwayError } from '../support/errors.ts'
import { lastLines } from '../support/run.ts'
import { isReachable } from './reach.ts'
import { target, type LiveDatabase } from './server.ts'

/**
 * The image starts a server for its first set-up, stops it, and then starts the real one, which alone listens on an
 * address: each says so in the log.
 */
export async function untilReady(copy: LiveDatabase): Promise<void> {
  const deadline = performance.now() + startsWithinMs
  const bell = new Bell()
  let heard = ''
  const { container } = await target(copy.server)
  const log = await followLog(container, text => {
    if (saysReady(heard)) return
    heard += text
    if (saysReady(heard)) bell.ring()
  })
  void log.ended.then(() => bell.ring())
  let toldWhenAsked = false
  try {
    do {
      const pace = heard === '' ? paceMs : tellingPaceMs
      // Perhaps it was told while it was being asked.
      if (saysReady(heard) === toldWhenAsked) await Promise.race([sleep(pace), bell.rung()])
      toldWhenAsked = saysReady(heard)
      proveInTime(deadline)
      await proveRunning(container, heard)
    } while (!(await isReachable(copy)))
  } finally {
    log.stop()
  }
}

/** Pure: whether a log of PostgreSQL tells of the server that stays. */
export function saysReady(log: string): boolean {
  const listens = log.indexOf('listening on IP')
  return listens !== -1 && log.includes('ready to accept connections', listens)
}

function proveInTime(deadline: number): void {
  if (performance.now() > deadline) {
    throw new SlipwayError('REHEARSAL_FAILED', 'The throwaway PostgreSQL of the rehearsal does not answer', {
      why: `not ready after ${startsWithinMs / 1000} s`,
      state: 'production was not touched',
      next: 'See whether the machine has memory left, or set rehearse: off.',
    })
  }
}

/** One that has stopped will not answer however long it is waited for. */
async function proveRunning(container: string, heard: string): Promise<void> {
  const answer = await askDocker(containerPath(container))
  const parsed = stoppedContainer.safeParse(answer?.kind === 'found' ? answer.value : undefined)
  if (!parsed.success) return
  throw new SlipwayError('REHEARSAL_FAILED', 'The throwaway PostgreSQL of the rehearsal has stopped', {
    why: `it ended with code ${parsed.data.State.ExitCode}`,
    output: lastLines(heard, 15),
    state: 'production was not touched',
    next: 'Mend the cause shown above, or set rehearse: off.',
  })
}

const stoppedContainer = object({ State: object({ Status: oneOf(['exited', 'dead']), ExitCode: number() }) })

const startsWithinMs = 60_000
/**
 * Where the log tells nothing. Each look is a program in the container, which has enough to do, and takes from the time of
 * those who serve.
 */
const paceMs = 500
/** Where it tells something, but perhaps in another language. */
const tellingPaceMs = 2000
