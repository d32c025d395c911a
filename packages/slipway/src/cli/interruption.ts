import { exitCodes } from '../support/errors.ts'

/**
 * The first signal asks the command to end, the second Ctrl-C leaves at once.
 * Both are safe: the guardian, or the next command, reads the journal and brings what was cut off to its end.
 */
export function interruption(leave: (exitCode: number) => void): Interruption {
  const controller = new AbortController()
  return {
    signal: controller.signal,
    signalled(name) {
      if (!controller.signal.aborted) controller.abort(name)
      // A closed terminal sends its signals in pairs; only a person who insists means it.
      else if (name === 'SIGINT') leave(exitCodes.interrupted)
    },
  }
}

export interface Interruption {
  /** Its reason is the name of what ended it. */
  signal: AbortSignal
  signalled(name: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void
}

/** What a deployment answers to the first Ctrl-C. */
export const endingSoon = 'Interrupted: this ends at its next safe point. Ctrl-C again leaves at once.'
export const leftAtOnce = 'Left at once. What was begun is ended in the background, or by the next slipway command.'
