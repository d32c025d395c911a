import type { Event } from '../../release/events.ts'
import type { StepName } from '../../release/model.ts'
import { harmlessLines, oneLine } from './harmless.ts'
import { planLine } from './plan-line.ts'
import type { Renderer } from './renderer.ts'
import type { Screen } from './screen.ts'
import { asciiSymbols } from './paint.ts'
import { duration } from './words.ts'

/** For files and pipes: `<time> <step> <word> <text>`, one line an event. The words are a contract: people grep them. */
export class PlainRenderer implements Renderer {
  private readonly screen: Screen

  constructor(screen: Screen) {
    this.screen = screen
  }

  event(event: Event): void {
    for (const line of plainLines(event)) this.screen.write(`${timeOf(event.at)} ${serverOf(event)}${line}\n`)
  }

  notice(text: string): void {
    this.screen.write(`${timeOf(new Date().toISOString())} ${row('notice', '', text)}\n`)
  }

  end(): void {}
}

export function plainLines(event: Event): string[] {
  switch (event.type) {
    case 'deployment-started':
      return [row(event.kind, 'started', `${event.id} of ${event.app} ${event.environment} by ${event.by}`)]
    case 'planned':
      return [row('plan', 'made', planLine(event.plan, asciiSymbols))]
    case 'recovering':
      return [row('recover', 'started', `${event.id} was cut off; towards the ${event.towards} release`)]
    case 'step-started':
      return [row(event.step, 'started', event.does)]
    case 'step-note':
      return [row(event.step, 'note', event.text)]
    case 'step-fact':
      return []
    case 'step-finished':
      return [row(event.step, 'done', joined(duration(event.seconds), event.summary))]
    case 'step-skipped':
      return [row(event.step, 'skipped', event.why)]
    case 'step-failed':
      return failureRows(event.step, 'failed', event.failure)
    case 'undo-started':
      return [row(event.step, 'undoing', event.does)]
    case 'undo-finished':
      return [row(event.step, 'undone', duration(event.seconds))]
    case 'undo-failed':
      return failureRows(event.step, 'stuck', event.failure)
    case 'deployment-finished':
      return [row('end', event.outcome, `${event.id} in ${duration(event.seconds)}; ${event.serving}`)]
    default:
      return []
  }
}

/** Of several servers, before what it says: `app-1    gate      done     …`. */
export function serverOf({ on }: Pick<Event, 'on'>): string {
  return on === undefined ? '' : `${oneLine(on.server).padEnd(8)} `
}

function failureRows(
  step: StepName,
  word: string,
  failure: Extract<Event, { type: 'undo-failed' }>['failure'],
): string[] {
  const optional = (label: string, text: string | undefined): string[] =>
    text === undefined ? [] : [row(step, label, text)]
  return [
    row(step, word, `${failure.code}: ${failure.message}`),
    ...optional('why', failure.why),
    ...harmlessLines(failure.output).map(line => `${row(step, 'said', '').padEnd(18)} ${line}`.trimEnd()),
    ...optional('now', failure.state),
    ...optional('next', failure.next),
  ]
}

/** Subject and word in columns, so that a log can be read and grepped. */
export function row(subject: string, word: string, text: string): string {
  return `${subject.padEnd(9)} ${word.padEnd(8)} ${oneLine(text)}`.trimEnd()
}

function joined(...parts: (string | undefined)[]): string {
  return parts.filter(part => part !== undefined && part !== '').join('  ')
}

/** To the second, in UTC: logs of several machines are read together. */
function timeOf(at: string): string {
  const time = new Date(at)
  return Number.isNaN(time.getTime()) ? '-' : time.toISOString().replace(/\.\d+Z$/, 'Z')
}
