import { exitCodes, SlipwayError } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { attachOf } from '../collected.ts'
import { openServers } from './open.ts'

/** The terminal, or the pipes, belong to ssh meanwhile; its exit code is ours. */
export const run: Handler<{ server: string; command: string | undefined }> = async ({ server, command }, context) => {
  if (context.options.json && command === undefined) {
    throw new SlipwayError('USAGE', 'A shell is for a person, and --json prints one document at the end', {
      next: `Name the command: slipway server ssh ${server} "…" --json`,
    })
  }
  const servers = await openServers(context)
  const { attach, printed } = attachOf(context)
  const ended = await servers.ssh(server, command, attach)
  const exitCode = context.signal.aborted ? exitCodes.interrupted : ended
  return { exitCode, document: { server, exitCode, ...printed }, text: () => '' }
}
