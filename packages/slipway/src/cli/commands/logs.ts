import { exitCodes, SlipwayError } from '../../support/errors.ts'
import type { LogLine } from '../application.ts'
import type { Handler } from '../command.ts'
import { harmless, oneLine } from '../render/harmless.ts'
import { openSettled } from './settled.ts'

export const run: Handler<LogsInput> = async (input, context) => {
  const { json } = context.options
  if (json && input.follow) {
    throw new SlipwayError('USAGE', 'Logs that are followed have no end, and --json prints one document at the end', {
      next: 'Leave out --follow or --json.',
    })
  }
  const application = await openSettled(context, input.environment, 'go on')
  const collected: LogLine[] = []
  const { paint, symbols } = context.stdout
  const write = (line: LogLine): void => {
    if (json) return void collected.push(line)
    // The service before each line also keeps a line from being read as a command of a CI system.
    const text = harmless(line.text).trimEnd().replaceAll('\n', ' ')
    context.stdout.write(`${paint.accent(oneLine(sourceOf(line)))} ${paint.dim(symbols.bar)} ${text}\n`)
  }
  const { service, follow, lines } = input
  // Nobody reads any more: `… --follow | grep -m 1` has what it wanted.
  const signal = follow ? AbortSignal.any([context.signal, context.unread]) : context.signal
  const request = { signal, follow, lines, ...(service === undefined ? {} : { service }) }
  const ended = await application.logs(request, write)
  const exitCode = context.signal.aborted ? exitCodes.interrupted : ended
  return { exitCode, document: collected, text: () => '' }
}

/** `app-1 api`: a service of several servers says different things on each. */
function sourceOf({ server, service }: LogLine): string {
  return server === undefined ? service : `${server} ${service}`
}

interface LogsInput {
  environment: string | undefined
  service: string | undefined
  follow: boolean
  lines: number
}
