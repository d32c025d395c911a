import { exitCodes, SlipwayError } from '../../support/errors.ts'
import type { Handler } from '../command.ts'
import { attachOf } from './collected.ts'
import { openSettled } from './settled.ts'

/** The terminal, or the pipes, belong to the command meanwhile; its exit code is ours. */
export const run: Handler<ExecInput> = async (input, context) => {
  const replica = input.replica === undefined ? undefined : numberOf(input.replica)
  const { signal, options } = context
  const application = await openSettled(context, input.environment, 'go on')
  const { attach, printed } = attachOf(context)
  const request = {
    service: input.service,
    command: input.rest,
    terminal: !options.json && context.input.terminal && context.stdout.terminal,
    ...(replica === undefined ? {} : { replica }),
    ...(input.server === undefined ? {} : { server: input.server }),
  }
  const ended = await application.exec(request, attach)
  const exitCode = signal.aborted ? exitCodes.interrupted : ended
  return { exitCode, document: { service: input.service, exitCode, ...printed }, text: () => '' }
}

interface ExecInput {
  environment: string | undefined
  service: string
  replica: string | undefined
  server: string | undefined
  rest: readonly string[]
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new SlipwayError('USAGE', `${JSON.stringify(text)} is no number of a container`, {
    why: 'the containers of a service are counted from 1',
    next: 'slipway status shows how many there are.',
  })
}
