import { exitCodes } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { openServers } from './open.ts'

export const run: Handler<{ server: string }> = async ({ server }, context) => {
  const servers = await openServers(context)
  const { stdout } = context
  const report = await servers.remove(server)
  const what = report.wasPinned ? 'its key is forgotten' : 'no key of it was pinned'
  const text = (): string =>
    `${stdout.paint.good(stdout.symbols.done)} ${stdout.paint.strong(`${report.name}: ${what}`)}; nothing was changed on the server\n`
  return { exitCode: exitCodes.ok, document: report, text }
}
