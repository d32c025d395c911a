import type { Handler } from '../../command.ts'
import { openServers } from './open.ts'

/** The terminal belongs to ssh meanwhile; its exit code is ours. */
export const run: Handler<{ server: string; command: string | undefined }> = async ({ server, command }, context) => {
  const servers = await openServers(context)
  const exitCode = await servers.ssh(server, command)
  return { exitCode, document: { server, exitCode }, text: () => '' }
}
