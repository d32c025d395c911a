import { setTimeout as sleep } from 'node:timers/promises'
import type { WaitingRoom } from '../../edge/hold.ts'
import { fileJournal } from '../../store/journal.ts'
import type { Layout } from '../../store/layout.ts'
import { asSlipwayError } from '../../support/errors.ts'
import { redactor } from '../../support/redact.ts'
import { errorText } from '../render/error.ts'
import { harmlessValue } from '../render/harmless.ts'
import { PlainRenderer } from '../render/plain.ts'
import { screenOf } from '../render/screen.ts'
import type { GuardedEnvironment } from './address.ts'

/**
 * Ends the deployment whose process died, and tells it in the log. What keeps it from that, such as a Docker Engine that
 * is down, may pass: it tries again for a while. While somebody else holds the lock, that one does this very work.
 */
export async function recoverUntilEnded(guarded: GuardedEnvironment, store: Layout, room: WaitingRoom): Promise<void> {
  const screen = screenOf(process.stderr, {}, false)
  const renderer = new PlainRenderer(screen)
  const journal = fileJournal(store)
  const endsAt = performance.now() + patienceMs
  const ours = await journal.unfinished()
  if (ours === undefined) return removeLeftovers(guarded, room)
  renderer.notice(`the process of ${ours} of ${guarded.project} died; ${room.count()} requests wait`)
  for (let pauseMs = shortestPauseMs; ; ) {
    try {
      if ((await journal.unfinished()) !== ours) return renderer.notice(`${ours} is brought to its end`)
      const { openGuarded } = await import('../wiring.ts')
      const application = await openGuarded(guarded, room)
      await application.resume({ signal: new AbortController().signal }, event => renderer.event(harmlessValue(event)))
      continue
    } catch (thrown) {
      const error = redactor([]).error(asSlipwayError(thrown, `${ours} could not be brought to its end`))
      const locked = error.code === 'LOCKED'
      if (!locked) screen.write(errorText(error, screen, { debug: false }))
      if (performance.now() > endsAt) return renderer.notice('given up: the next slipway command tries again')
      pauseMs = locked ? shortestPauseMs : Math.min(pauseMs * 2, longestPauseMs)
    }
    await sleep(pauseMs)
  }
}

/** What died had not begun a deployment: a rehearsal of its own may still be running. Else the next command removes it. */
async function removeLeftovers(guarded: GuardedEnvironment, room: WaitingRoom): Promise<void> {
  try {
    const { openGuarded } = await import('../wiring.ts')
    const application = await openGuarded(guarded, room)
    await application.resume({ signal: new AbortController().signal }, () => undefined)
  } catch {
    // Somebody else has the lock, or Docker is down.
  }
}

const patienceMs = 10 * 60_000
const shortestPauseMs = 250
const longestPauseMs = 15_000
