import { appendFileSync } from 'node:fs'
import type { Event, Failure } from '../../release/events.ts'
import { annotation, endGroup, group, outputLine } from './github-commands.ts'
import { StepSummary } from './github-summary.ts'
import { plainLines, row, serverOf } from './plain.ts'
import type { Renderer } from './renderer.ts'
import type { Screen, Variables } from './screen.ts'
import { emptyStory, tell, troubles, type Story } from './story.ts'
import { troubleBlock } from './trouble.ts'

/**
 * For GitHub Actions: a group for each step, failures as annotations, a table in the job's summary,
 * and `release`, `deployment` and `outcome` as outputs of the step.
 */
export class GithubRenderer implements Renderer {
  private readonly screen: Screen
  private readonly variables: Variables
  private readonly append: (file: string, text: string) => void
  private story: Story = emptyStory()
  private summary = new StepSummary()
  private open = false

  constructor(screen: Screen, variables: Variables, append = appendIfPossible) {
    this.screen = screen
    this.variables = variables
    this.append = append
  }

  event(event: Event): void {
    if (event.on?.decides === false) return this.elsewhere(event)
    this.story = tell(this.story, event)
    if (event.type === 'deployment-started') this.summary = new StepSummary()
    this.summary.add(event)
    if (event.type === 'step-started' || event.type === 'undo-started') return this.begin(event)
    const indent = this.open ? '  ' : ''
    for (const line of plainLines(event)) this.screen.write(`${indent}${serverOf(event)}${line}\n`)
    if (ending.has(event.type)) this.close()
    if (event.type === 'step-failed' || event.type === 'undo-failed') this.annotate(event.failure)
    if (event.type === 'deployment-finished') this.finish(event)
  }

  notice(text: string): void {
    this.screen.write(`${row('notice', '', text)}\n`)
  }

  end(): void {
    this.close()
  }

  /** The groups are the steps of the server that decides; what the others say stands in them. */
  private elsewhere(event: Event): void {
    for (const line of plainLines(event)) this.screen.write(`${this.open ? '  ' : ''}${serverOf(event)}${line}\n`)
    if (event.type !== 'step-failed' && event.type !== 'undo-failed') return
    const { failure } = event
    if (failure.code !== 'ELSEWHERE_FAILED')
      this.annotate({ ...failure, message: `${event.on?.server}: ${failure.message}` })
  }

  private begin(event: Extract<Event, { does: string }>): void {
    this.close()
    this.screen.write(
      group(event.type === 'step-started' ? `${event.step}: ${event.does}` : `undo ${event.step}: ${event.does}`),
    )
    this.open = true
  }

  private close(): void {
    if (this.open) this.screen.write(endGroup)
    this.open = false
  }

  private annotate(failure: Failure): void {
    this.screen.write(
      annotation('error', { title: failure.code }, [failure.message, failure.why].filter(isText).join('\n')),
    )
  }

  private finish(event: Extract<Event, { type: 'deployment-finished' }>): void {
    for (const trouble of troubles(this.story)) this.screen.write(`${troubleBlock(trouble, this.screen)}\n`)
    const { GITHUB_OUTPUT: outputs, GITHUB_STEP_SUMMARY: summary } = this.variables
    const values = { deployment: event.id, release: event.release ?? '', outcome: event.outcome }
    if (isText(outputs)) {
      this.append(
        outputs,
        Object.entries(values)
          .map(([name, value]) => outputLine(name, value))
          .join(''),
      )
    }
    if (isText(summary)) this.append(summary, this.summary.markdown())
  }
}

const ending = new Set<Event['type']>(['step-finished', 'step-failed', 'undo-finished', 'undo-failed'])

function isText(text: string | undefined): text is string {
  return text !== undefined && text !== ''
}

/** A deployment does not fail because a file of the CI system can not be written. */
function appendIfPossible(file: string, text: string): void {
  try {
    appendFileSync(file, text)
  } catch {
    // Nothing depends on it.
  }
}
