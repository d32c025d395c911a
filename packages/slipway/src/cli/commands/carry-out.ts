import type { Event } from '../../release/events.ts'
import { redactor } from '../../support/redact.ts'
import type { Application, Carried } from '../application.ts'
import type { Context, Result } from '../context.ts'
import { exitCodeOfDeployment } from '../exit-code.ts'
import { endingSoon } from '../interruption.ts'
import { rendererFor } from '../render/choose.ts'
import { harmlessValue } from '../render/harmless.ts'
import { emptyStory, tell } from '../render/story.ts'
import { deploymentSummary } from '../render/summary.ts'

/** Runs a deployment or rollback, shows its events as they come, and makes its result. */
export async function carryOut(
  application: Application,
  context: Context,
  start: (emit: (event: Event) => void) => Promise<Carried>,
): Promise<Result> {
  const renderer = rendererFor(context.stderr, context.variables)
  const { event: redacted } = redactor([])
  const events: Event[] = []
  let story = emptyStory()
  const emit = (given: Event): void => {
    const event = redacted(given)
    events.push(event)
    // What the server that decides says of the deployment counts.
    if (event.on?.decides !== false) story = tell(story, event)
    renderer.event(harmlessValue(event))
  }
  const answer = (): void => renderer.notice(application.answerToInterrupt?.(context.signal) ?? endingSoon)
  context.signal.addEventListener('abort', answer, { once: true })
  try {
    const record = await start(emit)
    return {
      exitCode: exitCodeOfDeployment(record, context.signal.aborted),
      document: { ...record, serving: story.serving, events },
      text: () => deploymentSummary(record, application, story, context.stdout),
    }
  } finally {
    context.signal.removeEventListener('abort', answer)
    renderer.end()
  }
}
