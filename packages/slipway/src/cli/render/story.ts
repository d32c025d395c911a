import type { Event, Failure } from '../../release/events.ts'
import type { DeploymentId, StepName } from '../../release/model.ts'
import type { Trouble } from './trouble.ts'

/** What of a stream of events still matters when it is over. */
export interface Story {
  id?: DeploymentId
  failed?: { step: StepName; failure: Failure }
  /** The way back failed at these. */
  stuck: { step: StepName; failure: Failure }[]
  /** What serves now, in words. */
  serving?: string
}

export function emptyStory(): Story {
  return { stuck: [] }
}

/** A deployment that begins after another one was recovered has a story of its own. */
export function tell(story: Story, event: Event): Story {
  switch (event.type) {
    case 'recovering':
    case 'deployment-started':
      return { id: event.id, stuck: [] }
    case 'step-failed':
      return { ...story, failed: { step: event.step, failure: event.failure } }
    case 'undo-failed':
      return { ...story, stuck: [...story.stuck, { step: event.step, failure: event.failure }] }
    case 'deployment-finished':
      return { ...story, serving: event.serving }
    default:
      return story
  }
}

/** What to show when all is over: the cause first, then what stands in the way back. */
export function troubles(story: Story): Trouble[] {
  const all: Trouble[] = []
  if (story.failed !== undefined)
    all.push(troubleOf(`${story.failed.step} failed: `, story.failed.failure, story.serving))
  for (const { step, failure } of story.stuck)
    all.push(troubleOf(`the way back failed at ${step}: `, failure, undefined))
  return all
}

function troubleOf(where: string, failure: Failure, serving: string | undefined): Trouble {
  return {
    code: failure.code,
    title: where + failure.message,
    why: failure.why,
    output: failure.output,
    state: failure.state ?? serving,
    next: failure.next,
  }
}
