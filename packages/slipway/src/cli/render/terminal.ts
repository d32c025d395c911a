import type { Event } from '../../release/events.ts'
import type { DeploymentId, StepName } from '../../release/model.ts'
import { Canvas } from './canvas.ts'
import { Elsewhere } from './elsewhere.ts'
import { oneLine } from './harmless.ts'
import { cut, wrap } from './layout.ts'
import { planLine } from './plan-line.ts'
import type { Renderer } from './renderer.ts'
import type { Screen } from './screen.ts'
import { stepLine, type StepLine } from './step-line.ts'
import { emptyStory, tell, troubles, type Story } from './story.ts'
import { wallTimer, type Timer } from './timer.ts'
import { troubleBlock } from './trouble.ts'
import { duration } from './words.ts'

/**
 * For a person who watches: one line a step. The step under way has a spinner, its time and its newest note below;
 * when it is over, its line stays and the notes are gone. What failed stands last, in view.
 */
export class TerminalRenderer implements Renderer {
  private readonly screen: Screen
  private readonly timer: Timer
  private readonly canvas: Canvas
  private readonly elsewhere: Elsewhere
  private readonly stopDrawing: () => void
  private story: Story = emptyStory()
  private told: Story | undefined
  private recovered: DeploymentId | undefined
  private active: Active | undefined
  private heldSince: number | undefined
  private frame = 0

  constructor(screen: Screen, timer: Timer = wallTimer) {
    this.screen = screen
    this.timer = timer
    this.canvas = new Canvas(screen)
    this.elsewhere = new Elsewhere(screen)
    this.stopDrawing = timer.every(frameMs, () => {
      this.frame += 1
      if (this.active !== undefined) this.draw()
    })
  }

  event(event: Event): void {
    const { paint, symbols } = this.screen
    if (event.on?.decides === false) return this.elsewhereEvent(event.on.server, event)
    this.story = tell(this.story, event)
    switch (event.type) {
      case 'deployment-started': {
        const what = oneLine(`${event.kind} ${event.id} by ${event.by}`)
        return this.canvas.print(
          `\n  ${paint.strong(oneLine(`${event.app} ${event.environment}`))}  ${paint.dim(what)}`,
        )
      }
      case 'planned':
        return this.paragraph(`${planLine(event.plan, symbols)}\n`)
      case 'recovering':
        this.recovered = event.id
        return this.paragraph(`\n${event.id} was cut off: ${wayOut[event.towards]}`, paint.warning)
      case 'step-started':
        return this.begin(event.step, event.does, 'apply')
      case 'step-note':
        if (this.active?.step === event.step) this.active.note = oneLine(event.text)
        return this.draw()
      case 'step-fact':
        if (event.facts.held !== undefined) this.heldSince = this.timer.now()
        return
      case 'step-finished':
        if (event.step === 'switch') this.heldSince = undefined
        return this.settle({ mark: paint.good(symbols.done), ...event, text: event.summary ?? '' })
      case 'step-skipped':
        return this.settle({ mark: paint.dim(symbols.skipped), step: event.step, text: event.why, dim: true })
      case 'step-failed':
        return this.settle({ mark: paint.bad(symbols.failed), ...event, text: event.failure.message })
      case 'undo-started':
        return this.begin(event.step, event.does, 'undo')
      case 'undo-finished':
        if (event.step === 'hold') this.heldSince = undefined
        return this.settle({ mark: paint.warning(symbols.undone), ...event, text: this.undoing(event.step) })
      case 'undo-failed':
        return this.settle({
          mark: paint.bad(symbols.failed),
          step: event.step,
          text: `undo: ${event.failure.message}`,
        })
      case 'deployment-finished':
        if (event.id === this.recovered)
          this.paragraph(`${event.id} is at its end: ${oneLine(event.serving)}`, paint.warning)
        return this.close()
    }
  }

  notice(text: string): void {
    this.paragraph(text, this.screen.paint.warning)
    this.draw()
  }

  end(): void {
    this.stopDrawing()
    this.close()
    this.canvas.draw([])
    for (const block of this.elsewhere.troubles()) this.canvas.print(`${block.trimEnd()}\n`)
  }

  private elsewhereEvent(server: string, event: Event): void {
    const text = this.elsewhere.take(server, event)
    if (text !== undefined) this.canvas.print(text)
    this.draw()
  }

  private begin(step: StepName, does: string, kind: Active['kind']): void {
    this.active = { step, does: oneLine(does), kind, since: this.timer.now() }
    this.draw()
  }

  private settle(line: StepLine): void {
    this.active = undefined
    this.canvas.print(stepLine({ ...line, text: oneLine(line.text) }, this.screen, 'wrap'))
  }

  private undoing(step: StepName): string {
    return this.active?.kind === 'undo' && this.active.step === step ? this.active.does : ''
  }

  private paragraph(text: string, style = (line: string): string => line): void {
    this.canvas.print(
      wrap(text, this.screen.columns() - 3)
        .map(line => (line === '' ? '' : `  ${style(line)}`))
        .join('\n'),
    )
  }

  private close(): void {
    this.active = undefined
    this.draw()
    if (this.told === this.story) return
    this.told = this.story
    for (const trouble of troubles(this.story)) this.canvas.print(`\n${troubleBlock(trouble, this.screen).trimEnd()}`)
    if (this.recovered !== this.story.id) this.canvas.print('')
  }

  private draw(): void {
    this.canvas.draw([...(this.active === undefined ? [] : this.liveLines(this.active)), ...this.elsewhere.lines()])
  }

  private liveLines(active: Active): string[] {
    const { paint, symbols } = this.screen
    const spinner = symbols.spinner[this.frame % symbols.spinner.length] ?? ''
    const mark = active.kind === 'undo' ? paint.warning(spinner) : paint.accent(spinner)
    const seconds = this.secondsSince(active.since)
    const below = (text: string): string => `    ${cut(text, this.screen.columns() - 5, symbols.more)}`
    const lines = [stepLine({ mark, step: active.step, seconds, text: active.does }, this.screen, 'cut')]
    if (active.note !== undefined) lines.push(paint.dim(below(`${symbols.note} ${active.note}`)))
    if (this.heldSince !== undefined) {
      lines.push(paint.warning(below(`requests wait at the edge: ${duration(this.secondsSince(this.heldSince))}`)))
    }
    return lines
  }

  private secondsSince(moment: number): number {
    return (this.timer.now() - moment) / 1000
  }
}

interface Active {
  step: StepName
  does: string
  kind: 'apply' | 'undo'
  since: number
  note?: string
}

const wayOut = { old: 'going back to the old release', new: 'going on to the new release' }
const frameMs = 100
