import type { Event } from '../../release/events.ts'
import type { StepName } from '../../release/model.ts'
import { oneLine } from './harmless.ts'
import { cut, pad, wrap } from './layout.ts'
import type { Screen } from './screen.ts'
import { stepLine } from './step-line.ts'
import { emptyStory, tell, troubles, type Story } from './story.ts'
import { troubleBlock } from './trouble.ts'

/**
 * The servers beside the one that decides: what each is at stands in one line under the step under way; what goes wrong
 * stays. What goes well there is told by the steps of the one that decides, which wait for it.
 */
export class Elsewhere {
  readonly #screen: Screen
  readonly #servers = new Map<string, OtherServer>()

  constructor(screen: Screen) {
    this.#screen = screen
  }

  /** What is to be printed for good, if anything. */
  take(server: string, event: Event): string | undefined {
    const known = this.#servers.get(server) ?? { story: emptyStory() }
    const next: OtherServer = { ...known, story: tell(known.story, event) }
    this.#servers.set(server, next)
    const name = oneLine(server)
    const { paint, symbols } = this.#screen
    switch (event.type) {
      case 'recovering':
        next.recovered = event.id
        return this.#warning(`${name}: ${event.id} was cut off: going to the ${event.towards} release`)
      case 'step-started':
      case 'undo-started':
        next.active = { step: event.step, text: oneLine(event.does), isUndo: event.type === 'undo-started' }
        return undefined
      case 'step-note':
        if (next.active?.step === event.step) next.active = { ...next.active, text: oneLine(event.text) }
        return undefined
      case 'step-failed':
        delete next.active
        return this.#line(paint.bad(symbols.failed), name, event.step, event.failure.message, event.seconds)
      case 'undo-failed':
        delete next.active
        return this.#line(paint.bad(symbols.failed), name, event.step, `undo: ${event.failure.message}`)
      case 'deployment-finished':
        delete next.active
        return event.id === next.recovered
          ? this.#warning(`${name}: ${event.id} is at its end: ${oneLine(event.serving)}`)
          : undefined
      case 'step-finished':
      case 'step-skipped':
      case 'undo-finished':
        delete next.active
        return undefined
      default:
        return undefined
    }
  }

  /** What each is at, a line each. */
  lines(): string[] {
    const { paint, symbols, columns } = this.#screen
    const isNarrow = columns() < narrowColumns
    const widest = Math.max(0, ...[...this.#servers.keys()].map(name => name.length))
    return [...this.#servers].flatMap(([name, { active }]) => {
      if (active === undefined) return []
      const step = `${active.isUndo ? `${symbols.undone} ` : ''}${active.step}`
      const text = `${pad(oneLine(name), widest)}  ${isNarrow ? step : pad(step, stepColumns)}  ${active.text}`
      return [paint.dim(`    ${cut(text, columns() - 5, symbols.more)}`)]
    })
  }

  /** Each cause where it was. That all go back is told by the one that decides. */
  troubles(): string[] {
    return [...this.#servers].flatMap(([name, { story }]) =>
      troubles(story)
        .filter(({ code }) => code !== 'ELSEWHERE_FAILED')
        .map(trouble => troubleBlock({ ...trouble, title: `${name}: ${trouble.title}` }, this.#screen)),
    )
  }

  #line(mark: string, server: string, step: StepName, text: string, seconds?: number): string {
    const line = { mark, step, text: `${server}: ${oneLine(text)}`, ...(seconds === undefined ? {} : { seconds }) }
    return stepLine(line, this.#screen, 'wrap')
  }

  #warning(text: string): string {
    const { columns, paint } = this.#screen
    return wrap(text, columns() - 3)
      .map(line => `  ${paint.warning(line)}`)
      .join('\n')
  }
}

const narrowColumns = 60
/** The longest name of a step. */
const stepColumns = 9

interface OtherServer {
  story: Story
  active?: { step: StepName; text: string; isUndo: boolean }
  recovered?: string
}
