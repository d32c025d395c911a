import { proveNotCalledOff } from '../../support/called-off.ts'
import { SlipwayError } from '../../support/errors.ts'
import { run } from '../../support/run.ts'
import type { Attach } from '../application.ts'
import type { Context } from '../context.ts'

/**
 * For a command on somebody else's machine or container: this terminal or these pipes belong to it meanwhile. With
 * --json what it prints is kept for the document, and what is piped in still goes to it.
 */
export function attachOf({ options, input, signal }: Context): { attach: Attach; printed: Printed } {
  const printed = { stdout: '', stderr: '' }
  const collect: Attach = async (program, argv) => {
    const result = await run(program, argv, {
      signal,
      maxBytes: mostCollected,
      ...(input.terminal ? {} : { stdin: 'inherit' }),
    })
    if (result.cutOff === true) throw tooLong()
    Object.assign(printed, { stdout: result.stdout, stderr: result.stderr })
    return result.exitCode
  }
  const passOn: Attach = (program, argv) => input.interactive(program, argv, signal)
  const attach: Attach = async (program, argv) => {
    // Ctrl-C may have come while a connection was made.
    proveNotCalledOff(signal, 'the command was not started')
    return options.json ? collect(program, argv) : passOn(program, argv)
  }
  return { attach, printed }
}

export interface Printed {
  stdout: string
  stderr: string
}

function tooLong(): SlipwayError {
  return new SlipwayError('USAGE', `The command printed more than ${mostCollected / 1024 ** 2} MB`, {
    why: 'with --json all of it is held in memory',
    state: 'it was cut off: how far it came is not known',
    next: 'Leave out --json, and lead its output to a file.',
  })
}

/** One document on stdout must be held in memory; what is piped need not. */
const mostCollected = 64 * 1024 * 1024
