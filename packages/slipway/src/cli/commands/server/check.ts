import { exitCodes } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { checkText } from '../../render/server-controls.ts'
import { loginOf, openServers } from './open.ts'

export const run: Handler<{ server: string; login: string | undefined; all: boolean }> = async (input, context) => {
  const servers = await openServers(context)
  const report = await servers.check(input.server, { signal: context.signal, ...loginOf(input.login) })
  const isOtherwise = report.controls.some(({ state }) => state === 'pending' || state === 'by hand')
  return {
    exitCode: isOtherwise ? exitCodes.changesPending : exitCodes.ok,
    document: report,
    text: () => checkText(report, input.all, context.stdout),
  }
}
