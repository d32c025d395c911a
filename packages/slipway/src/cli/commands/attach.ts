import type { Handler } from '../command.ts'
import { openApplication } from '../context.ts'
import { carryOut } from './carry-out.ts'

export const run: Handler<{ environment: string | undefined }> = async (input, context) => {
  const application = await openApplication(context, input.environment)
  return carryOut(application, context, emit => application.attach({ signal: context.signal }, emit))
}
