import { SlipwayError } from '../support/errors.ts'
import type { ServerAddress } from './ssh/address.ts'
import { open, type Connection, type OpenOptions } from './ssh/connection.ts'

/**
 * Logs in as the user who deploys; on a server that was never set up there is none yet, and root is tried.
 * With `login` only that user is tried.
 */
export async function logIn(server: ServerAddress, options: OpenOptions, login?: string): Promise<Connection> {
  if (login !== undefined) return open({ ...server, user: login }, options)
  try {
    return await open(server, options)
  } catch (error) {
    const refused = error instanceof SlipwayError && error.code === 'LOGIN_REFUSED'
    if (!refused || server.user === 'root') throw error
    return open({ ...server, user: 'root' }, options).catch((second: unknown) => {
      throw second instanceof SlipwayError && second.code === 'LOGIN_REFUSED' ? neither(server, second) : second
    })
  }
}

/** A whole new login, as the next deployment will make it, up to being root. */
export async function proveLogin(server: ServerAddress, options: OpenOptions): Promise<void> {
  const connection = await open(server, options)
  try {
    const becomes = server.user === 'root' ? ['true'] : ['sudo', '-n', 'true']
    const result = await connection.run(becomes, { timeoutMs: 20_000 })
    if (result.exitCode !== 0) {
      throw new SlipwayError('LOGIN_REFUSED', `Becoming root as ${server.user} on server ${server.name}`, {
        why: 'sudo does not let it.',
        output: [result.stderr.trim()],
      })
    }
  } finally {
    await connection.close()
  }
}

function neither(server: ServerAddress, cause: SlipwayError): SlipwayError {
  return new SlipwayError('LOGIN_REFUSED', `Logging in to server ${server.name} as ${server.user}, and as root`, {
    why: 'The server accepts the key for neither.',
    state: 'Nothing was changed on the server.',
    next: `When another user becomes root there by sudo: slipway server setup ${server.name} --login NAME`,
    output: cause.output,
    cause,
  })
}
