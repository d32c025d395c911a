import { exitCodes, SlipwayError } from '../../support/errors.ts'
import type { ResumedProject } from '../application.ts'
import type { Handler } from '../command.ts'
import { openApplication, type Context, type Result } from '../context.ts'
import { errorText } from '../render/error.ts'
import { oneLine } from '../render/harmless.ts'
import type { Screen } from '../render/screen.ts'
import { resumeTold } from './settled.ts'

interface Input {
  environment: string | undefined
  all: boolean
}

export const run: Handler<Input> = async (input, context) => {
  if (input.all) return resumeAll(input, context)
  const application = await openApplication(context, input.environment)
  const resumed = await resumeTold(application, context, { everywhere: true })
  const { paint, symbols } = context.stdout
  const said =
    resumed === undefined
      ? `nothing to end: no deployment of ${application.environment} was cut off`
      : endedText(resumed.record)
  return {
    exitCode: exitCodes.ok,
    document: resumed === undefined ? { resumed: null } : { resumed: resumed.record, events: resumed.events },
    text: () => `${paint.good(symbols.done)} ${paint.strong(oneLine(said))}\n`,
  }
}

async function resumeAll(input: Input, context: Context): Promise<Result> {
  if (input.environment !== undefined || context.options.config !== undefined) {
    throw new SlipwayError('USAGE', '--all goes with no environment and no --config', {
      why: 'it means every environment that this machine deploys itself',
      next: 'slipway resume --all',
    })
  }
  const { resumeAll: resume } = await context.wiring()
  const results = await resume(context.signal, result => {
    if (result.outcome === 'failed') context.stderr.write(errorText(result.error, context.stderr, context.options))
  })
  return {
    exitCode: worstExit(results),
    document: { projects: results.map(toldOf) },
    text: () => allText(results, context.stdout),
  }
}

/** A person who is needed is told before what may pass by itself. */
function worstExit(results: readonly ResumedProject[]): number {
  const codes = results.flatMap(result => (result.outcome === 'failed' ? [result.error.exitCode] : []))
  if (codes.length === 0) return exitCodes.ok
  return codes.includes(exitCodes.needsPerson) ? exitCodes.needsPerson : exitCodes.failedNothingChanged
}

function toldOf(result: ResumedProject): unknown {
  if (result.outcome !== 'failed') return result
  const { code, message, why } = result.error
  return { project: result.project, outcome: result.outcome, error: { code, message, why } }
}

function allText(results: readonly ResumedProject[], { paint, symbols }: Screen): string {
  if (results.length === 0) return `${paint.good(symbols.done)} ${paint.strong('nothing was deployed here yet')}\n`
  return results
    .map(result => {
      const symbol = result.outcome === 'failed' ? paint.bad(symbols.failed) : paint.good(symbols.done)
      return `${symbol} ${paint.strong(oneLine(result.project))}  ${oneLine(outcomeText(result))}\n`
    })
    .join('')
}

function outcomeText(result: ResumedProject): string {
  switch (result.outcome) {
    case 'ended':
      return endedText(result.record)
    case 'nothing':
      return 'nothing to end'
    case 'looked after':
      return 'nothing to end; its warm release is looked after'
    case 'under way':
      return 'a deployment is under way'
    case 'failed':
      return result.error.message
  }
}

function endedText({ id, outcome }: { id: string; outcome: string }): string {
  return `${id} is ended: ${outcome === 'deployed' ? 'all new' : 'all as before'}`
}
