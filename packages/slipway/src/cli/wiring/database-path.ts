import { networkInterfaces } from 'node:os'
import type { EnvironmentConfig, PlacedServer, Placement } from '../../config/model.ts'
import { offerPath, pathStart, takePath } from '../../engine/path.ts'
import type { Release } from '../../release/model.ts'
import type { DatabasePath } from '../../release/ports.ts'
import { relayCommand } from '../../runner/names.ts'
import { ownPlace } from '../../runner/place.ts'
import { whySilent, type Endpoint } from '../../support/answers-at.ts'
import { SlipwayError } from '../../support/errors.ts'
import { pathPorts } from '../../support/path-ports.ts'

/** The way to the database of another server, and whether that server is reached at all. Undefined: there is one server. */
export function openPath(config: EnvironmentConfig): CheckedPath | undefined {
  const { placement } = config
  const image = ownPlace()?.image
  if (placement?.here === undefined || image === undefined) return undefined
  const deciding = decidingServer(placement)
  const { address } = deciding
  const place = { address, image, command: relayCommand }
  return {
    offer: release => offerPath(release, place),
    async take(release, start, timeoutMs) {
      await takePath(release, start, place)
      await proveDatabase({ host: address, port: start.port }, deciding.name, timeoutMs)
    },
    async check(current) {
      if (placement.here === deciding.name) return ownsAddress(address, deciding.name)
      await proveServer({ host: address, port: deciding.port }, deciding.name)
      const start = current === undefined ? undefined : await pathStart(current)
      if (start !== undefined) await proveDatabase({ host: address, port: start.port }, deciding.name, checkMs)
    },
  }
}

export interface CheckedPath extends DatabasePath {
  /** Before anything changes. */
  check(current: Release | undefined): Promise<void>
}

export function decidingServer(placement: Placement): PlacedServer & { address: string } {
  const found = placement.servers.find(({ name }) => name === placement.decides)
  if (found?.privateAddress !== undefined) return { ...found, address: found.privateAddress }
  throw new SlipwayError('BUG', `The server ${placement.decides}, which decides, has no private address`)
}

const checkMs = 5000

/** PostgreSQL answers whether it speaks TLS before it asks who is there. */
async function proveDatabase(at: Endpoint, server: string, withinMs: number): Promise<void> {
  const says = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
  const why = await whySilent(at, { says, expects: /^[SN]/, withinMs })
  if (why === undefined) return
  throw new SlipwayError('DATABASE_UNREACHABLE', `The database on ${server} is not reached from this server`, {
    why: `${written(at)}: ${why}`,
    state: 'nothing of the new release was started here',
    next: `Let this server through to ${at.host}, TCP ports ${pathPorts.first} to ${pathPorts.last}, in the firewall of ${server}.`,
  })
}

async function proveServer(at: Endpoint, server: string): Promise<void> {
  const why = await whySilent(at, { says: Buffer.alloc(0), expects: /^SSH-/, withinMs: checkMs })
  if (why === undefined) return
  throw new SlipwayError('ELSEWHERE_FAILED', `The server ${server}, which decides, is not reached from this server`, {
    why: `its private address, ${written(at)}: ${why}`,
    state: 'nothing was changed',
    next: `Look at private_address of ${server} in slipway.yaml, at the network between the two, and at its firewall.`,
  })
}

/** Docker would say so as well, in the middle of the deployment. */
function ownsAddress(address: string, server: string): void {
  const own = Object.values(networkInterfaces()).flatMap(each => (each ?? []).map(one => one.address))
  if (own.includes(address)) return
  throw new SlipwayError('ELSEWHERE_FAILED', `${address} is no address of ${server}`, {
    why: `it has ${own.filter(each => !/^(127\.|::1$|fe80:)/.test(each)).join(', ')}`,
    state: 'nothing was changed',
    next: `Correct private_address of ${server} in slipway.yaml.`,
  })
}

function written({ host, port }: Endpoint): string {
  return `${host} port ${port}`
}
