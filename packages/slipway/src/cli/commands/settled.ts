import { asSlipwayError } from '../../support/errors.ts'
import { redactor } from '../../support/redact.ts'
import type { Event } from '../../release/events.ts'
import type { Promotion } from '../../release/promotion.ts'
import type { DeploymentRecord } from '../../release/model.ts'
import type { Application, ResumeRequest } from '../application.ts'
import { openApplication, type Context } from '../context.ts'
import { rendererFor } from '../render/choose.ts'
import { errorText } from '../render/error.ts'
import { harmlessValue } from '../render/harmless.ts'
import type { Renderer } from '../render/renderer.ts'

/**
 * Opens the environment for a command that does not deploy. A deployment that was cut off is first brought to its end,
 * and told of on stderr. When that fails, a command that only looks goes on all the same: one looks because of it.
 */
export async function openSettled(
  context: Context,
  environment: string | undefined,
  trouble: 'stop' | 'go on',
  promotion?: Promotion,
): Promise<Application> {
  const application = await openApplication(context, environment, promotion)
  try {
    await resumeTold(application, context)
  } catch (thrown) {
    const error = redactor([]).error(asSlipwayError(thrown, 'A deployment that was cut off could not be ended'))
    // Somebody deploys, or recovers.
    if (error.code === 'LOCKED') return application
    if (trouble === 'stop') throw error
    context.stderr.write(errorText(error, context.stderr, context.options))
  }
  return application
}

/** Ends a deployment that was cut off, if there is one, and shows how. */
export async function resumeTold(
  application: Application,
  context: Context,
  wanted: Pick<ResumeRequest, 'everywhere'> = {},
): Promise<Resumed | undefined> {
  let renderer: Renderer | undefined
  const { event: redacted } = redactor([])
  const events: Event[] = []
  const emit = (given: Event): void => {
    const event = redacted(given)
    events.push(event)
    renderer ??= rendererFor(context.stderr, context.variables)
    renderer.event(harmlessValue(event))
  }
  try {
    const record = await application.resume({ signal: context.signal, ...wanted }, emit)
    return record === undefined ? undefined : { record, events }
  } finally {
    renderer?.end()
  }
}

export interface Resumed {
  record: DeploymentRecord
  events: Event[]
}
