import type { Handler } from '../command.ts'
import { openApplication } from '../context.ts'
import { carryOut } from './carry-out.ts'

export const run: Handler<{ environment: string | undefined; commit: string | undefined }> = async (input, context) => {
  const application = await openApplication(context, input.environment)
  const request = { signal: context.signal, ...(input.commit === undefined ? {} : { commit: input.commit }) }
  return carryOut(application, context, emit => application.deploy(request, emit))
}
