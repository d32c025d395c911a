import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { SlipwayError } from '../support/errors.ts'
import { errorCode } from '../support/files.ts'
import { isEverywhere, type Address } from './site.ts'
import { written } from './site-conflicts.ts'

/**
 * Fails when the front could not listen there. Caddy alone would not tell: it shares its ports (SO_REUSEPORT),
 * so that it and another Caddy on this machine would each get half of the connections.
 */
export async function proveFree(address: Address): Promise<void> {
  const code = await bindFailure(address)
  // EACCES: a low port and not root. The front is root, and reports itself what it can not bind.
  if (code === undefined || code === 'EACCES') return
  if (code === 'EADDRNOTAVAIL') {
    throw new SlipwayError('EDGE_FAILED', `The edge can not listen on ${written(address)}`, {
      why: `${address.host} is not an address of this machine.`,
      state: 'Nothing was changed.',
      next: 'Correct edge.listen in slipway.yaml.',
    })
  }
  throw portInUse(address.port, await listenerNames(address.port), `The edge can not listen on ${written(address)}`)
}

export function portInUse(port: number | undefined, holders: readonly string[], attempted: string): SlipwayError {
  const by = holders.length === 0 ? 'Another program' : holders.join(', ')
  return new SlipwayError('PORT_IN_USE', attempted, {
    why: port === undefined ? 'The address is in use already.' : `${by} listens on port ${port} already.`,
    state: 'Nothing was changed.',
    next: 'Stop that program, or let the edge listen elsewhere (edge.listen in slipway.yaml).',
  })
}

function bindFailure(address: Address): Promise<string | undefined> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', error => resolve(errorCode(error) ?? error.message))
    const host = isEverywhere(address.host) ? {} : { host: address.host }
    server.listen({ ...host, port: address.port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

/** The programs that listen on a port, as in `nginx (pid 812)`; empty when this user may not see. */
export async function listenerNames(port: number): Promise<string[]> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map(file => readFile(file, 'utf8').catch(() => '')),
  )
  const sockets = new Set(tables.flatMap(table => listeningSockets(table, port)).map(inode => `socket:[${inode}]`))
  if (sockets.size === 0) return []
  const names: string[] = []
  for (const pid of (await readdir('/proc').catch(() => [])).filter(entry => /^\d+$/.test(entry))) {
    if (!(await holdsAny(pid, sockets))) continue
    const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'a program')).trim()
    names.push(`${name} (pid ${pid})`)
  }
  return names
}

/** The inodes of the sockets that listen on a port, out of /proc/net/tcp. Pure. */
export function listeningSockets(table: string, port: number): string[] {
  const listening = '0A'
  return table.split('\n').flatMap(line => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    const hexPort = local?.split(':')[1]
    if (state !== listening || hexPort === undefined || inode === undefined) return []
    return Number.parseInt(hexPort, 16) === port ? [inode] : []
  })
}

async function holdsAny(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const directory = `/proc/${pid}/fd`
  for (const entry of await readdir(directory).catch(() => [])) {
    if (sockets.has(await readlink(`${directory}/${entry}`).catch(() => ''))) return true
  }
  return false
}
