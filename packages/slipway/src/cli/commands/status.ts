import { exitCodes } from '../../support/errors.ts'
import type { Handler } from '../command.ts'
import { statusText } from '../render/status.ts'
import { openSettled } from './settled.ts'

export const run: Handler<{ environment: string | undefined; alert: boolean }> = async (input, context) => {
  const application = await openSettled(context, input.environment, 'go on')
  const status = await application.status({ alert: input.alert })
  return { exitCode: exitCodes.ok, document: status, text: () => statusText(status, context.now(), context.stdout) }
}
