import { SlipwayError } from './errors.ts'

/** Ctrl-C came before anything was begun: whoever prepared something may take it back. */
export class CalledOff extends SlipwayError {
  constructor(state = 'nothing was changed') {
    super('INTERRUPTED', 'Interrupted', { state })
  }
}

/** Throws when it has come. */
export function proveNotCalledOff(signal: AbortSignal, state?: string): void {
  if (signal.aborted) throw new CalledOff(state)
}
