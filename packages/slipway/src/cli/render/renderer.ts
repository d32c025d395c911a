import type { Event } from '../../release/events.ts'

/** Shows a deployment while it runs. Gets only events whose texts are harmless. */
export interface Renderer {
  event(event: Event): void
  /** Something to say that is no event, such as the answer to Ctrl-C. */
  notice(text: string): void
  /** After the last event, also when the deployment was cut short. */
  end(): void
}
