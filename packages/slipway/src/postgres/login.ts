import { askDocker, containerPath } from '../support/docker-socket.ts'
import { SlipwayError } from '../support/errors.ts'
import { run, type RunResult } from '../support/run.ts'
import { connectFromKeptPsql } from './kept-psql.ts'
import { messageOf, psqlArgv } from './psql.ts'
import { execute, target, type LiveDatabase } from './server.ts'
import { connectionString } from './sql.ts'

/**
 * Proves that the login the app will use works. Over the network, as the app comes: on its own socket
 * and loopback the official image trusts everybody, so a wrong password would go unnoticed there.
 */
export async function proveLogin(live: LiveDatabase): Promise<void> {
  if (live.server.password === undefined) return
  const result = await tryLogin(live, await networkAddress(live))
  if (result.exitCode === 0) return
  const said = messageOf(result.stderr)
  throw new SlipwayError(
    'DATABASE_UNREACHABLE',
    `The login of ${live.server.user} at the database ${live.name} does not work`,
    {
      why: result.timedOut ? 'the database did not answer in time' : said,
      next: said.includes('pg_hba.conf')
        ? 'pg_hba.conf does not let this login in: look at its rules, or lift a fence that was left over.'
        : `The image sets the password only when its volume is new. Give the environment the password of then, or set the new one: ALTER ROLE ${live.server.user} PASSWORD …`,
    },
  )
}

/** Tries to come in over the container's loopback. `unknown`: nobody listens there, or the answer is another one. */
export async function isRefusedByRules(live: LiveDatabase): Promise<'refused' | 'let in' | 'unknown'> {
  const quick = answerOf(await connectFromKeptPsql(live.server, loginTo(live, loopback)))
  return quick === 'unknown' ? answerOf(await tryLogin(live, loopback)) : quick
}

function answerOf(result: RunResult | undefined): 'refused' | 'let in' | 'unknown' {
  if (result?.exitCode === 0) return 'let in'
  // Every translation of the refusal names the file.
  return result?.stderr.includes('pg_hba.conf') === true ? 'refused' : 'unknown'
}

const loopback = '127.0.0.1'

function tryLogin(live: LiveDatabase, host: string): Promise<RunResult> {
  return execute(live.server, psqlArgv(loginTo(live, host)), { input: 'select 1;\n', timeoutMs: 20_000 })
}

function loginTo(live: LiveDatabase, host: string): string {
  return connectionString({
    host,
    user: live.server.user,
    dbname: live.name,
    application_name: 'slipway',
    connect_timeout: '10',
  })
}

/** An address the container has on one of its networks; without any (host network), its host name. */
async function networkAddress(live: LiveDatabase): Promise<string> {
  const { container } = await target(live.server)
  const address = (await addressesOf(container)).find(text => /^[0-9a-f.:]+$/i.test(text))
  if (address !== undefined) return address
  return (await execute(live.server, ['hostname'])).stdout.trim()
}

async function addressesOf(container: string): Promise<string[]> {
  const answer = await askDocker(containerPath(container))
  if (answer?.kind === 'found') {
    const { NetworkSettings } = answer.value as InspectedNetworks
    return Object.values(NetworkSettings.Networks ?? {}).flatMap(each => [each.IPAddress, each.GlobalIPv6Address])
  }
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}\n{{.GlobalIPv6Address}}\n{{end}}'
  return (await run('docker', ['inspect', '--format', format, container], { timeoutMs: 20_000 })).stdout.split('\n')
}

interface InspectedNetworks {
  NetworkSettings: { Networks?: Record<string, { IPAddress: string; GlobalIPv6Address: string }> | null }
}
