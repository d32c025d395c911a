import { mkdir } from 'node:fs/promises'
import { isIP } from 'node:net'
import { dirname } from 'node:path'
import type { ServerAddress } from '../../servers/ssh/address.ts'
import type { HostKey } from '../../servers/ssh/pinned-keys.ts'
import { SlipwayError } from '../../support/errors.ts'
import { readIfPresent, writeAtomically } from '../../support/files.ts'
import { isServerName } from './place.ts'

/** How a follower reaches the server that decides: told by whoever deploys, and kept for the times when nobody does. */
export interface Way extends Pick<ServerAddress, 'name' | 'user' | 'port'> {
  /** The private address. */
  host: string
  /** By which it is known. */
  hostKeys: HostKey[]
}

export async function keepWay(file: string, given: unknown): Promise<void> {
  const way = wayOf(given)
  if (way === undefined) throw new SlipwayError('BUG', 'That is no way to a server')
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeAtomically(file, JSON.stringify(way))
}

export async function readWay(file: string): Promise<Way> {
  const text = await readIfPresent(file)
  const way = text === undefined ? undefined : wayOf(JSON.parse(text))
  if (way !== undefined) return way
  throw new SlipwayError('ELSEWHERE_FAILED', 'This server does not know how to reach the one that decides', {
    why: `${file} ${text === undefined ? 'is not there' : 'is damaged'}`,
    next: 'Deploy: it is told then.',
  })
}

/** Pure. */
export function wayOf(given: unknown): Way | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const { name, host, user, port, hostKeys } = given as Record<string, unknown>
  if (!isServerName(name) || typeof host !== 'string' || isIP(host) === 0) return undefined
  if (typeof user !== 'string' || !/^[a-z_][a-z0-9_-]{0,31}$/.test(user)) return undefined
  if (typeof port !== 'number' || !Number.isSafeInteger(port) || port < 1 || port > 65_535) return undefined
  if (!Array.isArray(hostKeys) || hostKeys.length === 0) return undefined
  const keys = hostKeys.map(hostKeyOf)
  const known = keys.filter(key => key !== undefined)
  return known.length === keys.length ? { name, host, user, port, hostKeys: known } : undefined
}

function hostKeyOf(given: unknown): HostKey | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const { type, key } = given as Record<string, unknown>
  if (typeof type !== 'string' || !/^[a-z0-9@.-]+$/.test(type)) return undefined
  if (typeof key !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(key)) return undefined
  return { type, key }
}
