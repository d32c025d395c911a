import { execArgv } from '../../engine/exec-argv.ts'
import type { BackupFile } from '../../release/ports.ts'
import type { Attach, BackupRequest, ExecRequest } from '../application.ts'
import type { RemoteServer } from './remote-server.ts'

/** What is asked of one server in the same way, whether it is the environment's only one or one of several. */
export function execThere(
  there: Server,
  { command, terminal, ...wanted }: Omit<ExecRequest, 'server'>,
  attach: Attach,
): Promise<number> {
  return there.renamed(async () => {
    const session = await there.opened()
    const { id } = await session.ask('container', wanted)
    return session.attach(['docker', ...execArgv(id, command, terminal)], terminal, attach)
  })
}

export function backupThere(there: Server, { note }: BackupRequest): Promise<BackupFile> {
  return there.renamed(async () => (await there.opened()).ask('backup', {}, { told: told => note(told.note) }))
}

type Server = Pick<RemoteServer, 'renamed' | 'opened'>
