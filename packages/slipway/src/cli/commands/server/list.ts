import { exitCodes } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import type { Screen } from '../../render/screen.ts'
import { table } from '../../render/table.ts'
import type { ListedServer } from '../../servers.ts'
import { openServers } from './open.ts'

export const run: Handler<object> = async (_input, context) => {
  const servers = await (await openServers(context)).list()
  return { exitCode: exitCodes.ok, document: servers, text: () => listText(servers, context.stdout) }
}

function listText(servers: readonly ListedServer[], screen: Screen): string {
  const { paint } = screen
  if (servers.length === 0) return 'slipway.yaml names no server: every environment runs on this machine.\n'
  const rows = servers.map(({ name, user, host, port, environments, fingerprint }) => [
    { text: name, style: paint.strong },
    { text: `${user}@${host}${port === 22 ? '' : `:${port}`}` },
    { text: environments.join(', ') },
    fingerprint === undefined ? { text: 'not pinned', style: paint.warning } : { text: fingerprint, style: paint.dim },
  ])
  const columns = [{ title: 'SERVER' }, { title: 'LOGIN' }, { title: 'ENVIRONMENTS' }, { title: 'KEY' }]
  return `${table(columns, rows, screen).join('\n')}\n`
}
