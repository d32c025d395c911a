import { exitCodes } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { oneLine } from '../../render/harmless.ts'
import { plural } from '../../render/words.ts'
import { loginOf, noting, openServers } from './open.ts'

export const run: Handler<{ server: string; login: string | undefined }> = async (input, context) => {
  const servers = await openServers(context)
  const { signal, stdout } = context
  const report = await servers.upgrade(input.server, { signal, note: noting(context), ...loginOf(input.login) })
  const { name, containers } = report
  const [before, after] = [oneLine(report.before), oneLine(report.after)]
  const what = before === after ? `Docker ${after} is the newest there is` : `Docker ${before} became ${after}`
  const text = (): string =>
    `${stdout.paint.good(stdout.symbols.done)} ${stdout.paint.strong(`${name}: ${what}`)}, ${plural(containers.length, 'container')} running\n`
  return { exitCode: exitCodes.ok, document: report, text }
}
