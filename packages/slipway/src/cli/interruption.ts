import { exitCodes } from '../support/errors.ts'

/**
 * The first signal asks the command to end at its next safe point, the second leaves at once.
 * Both are safe: the next command reads the journal and brings things to an end.
 */
export function interruption(say: (text: string) => void, exit: (code: number) => void): Interruption {
  const controller = new AbortController()
  return {
    signal: controller.signal,
    signalled(name) {
      if (controller.signal.aborted) {
        // A closed terminal sends its signals in pairs; only a person who insists means it.
        if (name !== 'SIGINT') return
        say('\nLeft at once. The next command brings this deployment to its end.\n')
        exit(exitCodes.interrupted)
        return
      }
      controller.abort()
      say(
        `\n${name === 'SIGINT' ? 'Interrupted' : `Got ${name}`}: ending at the next safe point. Ctrl-C again leaves at once.\n`,
      )
    },
  }
}

export interface Interruption {
  signal: AbortSignal
  signalled(name: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void
}
