import { exitCodes } from '../../support/errors.ts'
import type { Handler } from '../command.ts'
import { openApplication } from '../context.ts'
import { oneLine } from '../render/harmless.ts'
import { resumeTold } from './settled.ts'

export const run: Handler<{ environment: string | undefined }> = async (input, context) => {
  const application = await openApplication(context, input.environment)
  const resumed = await resumeTold(application, context)
  const { paint, symbols } = context.stdout
  const said =
    resumed === undefined
      ? `nothing to end: no deployment of ${application.environment} was cut off`
      : `${resumed.record.id} is ended: ${resumed.record.outcome === 'deployed' ? 'all new' : 'all as before'}`
  return {
    exitCode: exitCodes.ok,
    document: resumed === undefined ? { resumed: null } : { resumed: resumed.record, events: resumed.events },
    text: () => `${paint.good(symbols.done)} ${paint.strong(oneLine(said))}\n`,
  }
}
