import { exitCodes } from '../../support/errors.ts'
import type { Handler } from '../command.ts'
import { historyText } from '../render/history.ts'
import { openSettled } from './settled.ts'

export const run: Handler<{ environment: string | undefined; lines: number }> = async (input, context) => {
  const application = await openSettled(context, input.environment, 'go on')
  const records = (await application.history()).slice(0, input.lines)
  return {
    exitCode: exitCodes.ok,
    document: records,
    text: () => historyText(records, application, context.now(), context.stdout),
  }
}
