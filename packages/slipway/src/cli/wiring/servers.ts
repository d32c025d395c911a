import { dirname, join, resolve } from 'node:path'
import { findConfig, loadServers, type LoadedServers } from '../../config/load.ts'
import type { ServerConfig } from '../../config/model.ts'
import { parseRepository } from '../../config/repository-address.ts'
import { logIn, proveLogin } from '../../servers/login.ts'
import { checkServer } from '../../servers/setup/check.ts'
import { setUpServer } from '../../servers/setup/setup.ts'
import type { Finding, Situation } from '../../servers/setup/topic.ts'
import { hardeningTopics, topics } from '../../servers/setup/topics.ts'
import type { Wishes } from '../../servers/setup/wishes.ts'
import { connectionFailure } from '../../servers/ssh/failure.ts'
import { withInteractiveArgv } from '../../servers/ssh/interactive.ts'
import type { ServerAddress } from '../../servers/ssh/address.ts'
import type { Connection, OpenOptions } from '../../servers/ssh/connection.ts'
import { fingerprint, forgetKeys, pinnedKeysName, readPinnedKeys } from '../../servers/ssh/pinned-keys.ts'
import { stateOf } from '../../servers/state.ts'
import { trustServer } from '../../servers/trust.ts'
import { upgradeEngine } from '../../servers/upgrade.ts'
import { SlipwayError } from '../../support/errors.ts'
import { errorCode } from '../../support/files.ts'
import { notStartedExitCode } from '../../support/run.ts'
import type { ListedServer, OpenServers, Servers } from '../servers.ts'

/** The servers of one slipway.yaml. */
export const openServers: OpenServers = async configFile => {
  const file = configFile === undefined ? await findConfig(process.cwd()) : resolve(configFile)
  return serversOf(await loadServers(file))
}

function serversOf(loaded: LoadedServers): Servers {
  const pinnedKeys = join(loaded.directory, pinnedKeysName)
  const known = (name: string): ServerConfig => serverNamed(loaded, name)
  const over = async <Result>(
    server: ServerConfig,
    { signal, login }: { signal: AbortSignal; login?: string },
    work: (connection: Connection) => Promise<Result>,
  ): Promise<Result> => {
    const connection = await logIn(server, { pinnedKeys, signal }, login)
    try {
      return await work(connection)
    } finally {
      await connection.close()
    }
  }
  return {
    list: () => Promise.all(loaded.servers.map(server => listed(server, loaded, pinnedKeys))),

    async trust(name, request) {
      return trustServer(gitHostNamed(loaded, name) ?? known(name), pinnedKeys, request)
    },

    async check(name, request) {
      const server = known(name)
      return over(server, request, async connection => {
        const { situation, findings } = await checkServer(connection, wishesOf(server, loaded))
        return {
          ...report(name, situation, findings),
          pending: findings.filter(({ state }) => state === 'pending').length,
        }
      })
    },

    async setUp(name, request) {
      const server = known(name)
      const began = performance.now()
      const reach: OpenOptions = { pinnedKeys }
      return over(server, request, async connection => {
        const done = await setUpServer(connection, wishesOf(server, loaded), {
          proveLogin: () => proveLogin(server, reach),
          guardSeconds: request.guardSeconds,
          note: request.note,
          signal: request.signal,
          topics: request.scope === 'all' ? topics : hardeningTopics,
        })
        const seconds = (performance.now() - began) / 1000
        return { ...report(name, done.situation, done.findings), changed: done.changed, seconds }
      })
    },

    show: async (name, request) => over(known(name), request, connection => stateOf(connection, known(name).home)),

    upgrade: async (name, request) =>
      over(known(name), request, connection => upgradeEngine(connection, wishesOf(known(name), loaded), request.note)),

    ssh: async (name, command, attach) =>
      withInteractiveArgv(known(name), pinnedKeys, command, argv =>
        attach('ssh', argv).catch((error: unknown) => {
          throw errorCode(error) === 'ENOENT' ? connectionFailure(known(name), '', notStartedExitCode) : error
        }),
      ),

    async remove(name) {
      const server = known(name)
      return { name, wasPinned: await forgetKeys(pinnedKeys, server), file: pinnedKeys }
    },
  }
}

async function listed(server: ServerConfig, loaded: LoadedServers, pinnedKeys: string): Promise<ListedServer> {
  const { name, host, user, port } = server
  const [key] = await readPinnedKeys(pinnedKeys, server)
  const environments = loaded.environments.filter(each => each.servers.includes(name)).map(each => each.name)
  return { name, host, user, port, environments, ...(key === undefined ? {} : { fingerprint: fingerprint(key) }) }
}

function report(name: string, { facts }: Situation, controls: Finding[]) {
  return { name, system: facts.title, container: facts.container, controls }
}

function wishesOf(server: ServerConfig, { app, servers, environments }: LoadedServers): Wishes {
  const { user, adminAddresses, openPorts, swapMegabytes, name } = server
  const shared = new Set(environments.filter(each => each.servers.includes(name)).flatMap(each => each.servers))
  const neighbours = servers.flatMap(other =>
    other.name !== name && shared.has(other.name) && other.privateAddress !== undefined ? [other.privateAddress] : [],
  )
  return { user, app, adminAddresses, openPorts, neighbours, swapMegabytes }
}

function serverNamed({ servers, file }: LoadedServers, name: string): ServerConfig {
  const found = servers.find(server => server.name === name)
  if (found !== undefined) return found
  const names = servers.map(server => server.name)
  throw new SlipwayError('SERVER_UNKNOWN', `${file} has no server ${JSON.stringify(name)}.`, {
    why: names.length === 0 ? 'It names no servers.' : `It has: ${names.join(', ')}.`,
    next:
      names.length === 0
        ? `Add it: servers: { ${/^[a-z][a-z0-9-]*$/.test(name) ? name : 'prod-1'}: { host: 203.0.113.10 } } in ${dirname(file)}/slipway.yaml`
        : 'Name one of these.',
  })
}

/** The host of a repository is known by its key too. A server of that name comes first. */
function gitHostNamed({ servers, environments }: LoadedServers, name: string): ServerAddress | undefined {
  if (servers.some(server => server.name === name)) return undefined
  const addresses = environments.flatMap(({ repository }) => parseRepository(repository ?? '') ?? [])
  const found = addresses.find(({ kind, host }) => kind === 'ssh' && host === name)
  return found === undefined ? undefined : { name, host: found.host, port: found.port, user: found.user ?? 'git' }
}
