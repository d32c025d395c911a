import { exitCodes } from '../../support/errors.ts'
import type { Handler } from '../command.ts'
import { openApplication } from '../context.ts'
import { statusText } from '../render/status.ts'

export const run: Handler<{ environment: string | undefined }> = async (input, context) => {
  const application = await openApplication(context, input.environment)
  const status = await application.status()
  return { exitCode: exitCodes.ok, document: status, text: () => statusText(status, context.now(), context.stdout) }
}
