import { createHash } from 'node:crypto'
import { readIfPresent, writeAtomically } from '../../support/files.ts'
import { pinnedName, type ServerAddress } from './address.ts'

/**
 * The keys by which servers are known, in a file of the project: `slipway.hosts` beside slipway.yaml, in the form of
 * OpenSSH's known_hosts. It holds no secret and belongs into the repository: everybody who deploys then trusts the same
 * server, and nobody trusts whatever answers first.
 */
export const pinnedKeysName = 'slipway.hosts'

export interface HostKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, … */
  type: string
  /** The public key in base64. */
  key: string
}

export async function readPinnedKeys(file: string, server: Pick<ServerAddress, 'host' | 'port'>): Promise<HostKey[]> {
  return pinnedKeysIn((await readIfPresent(file)) ?? '', pinnedName(server))
}

/** Replaces what the file says of this server. */
export async function pinKey(file: string, server: ServerAddress, key: HostKey): Promise<void> {
  await writeAtomically(file, withPinnedKey((await readIfPresent(file)) ?? '', server, key), 0o644)
}

/** Takes the server out of the file. Returns whether it was there. */
export async function forgetKeys(file: string, server: Pick<ServerAddress, 'host' | 'port'>): Promise<boolean> {
  const text = await readIfPresent(file)
  if (text === undefined || pinnedKeysIn(text, pinnedName(server)).length === 0) return false
  await writeAtomically(file, withoutKeysOf(text, pinnedName(server)), 0o644)
  return true
}

export function pinnedKeysIn(text: string, name: string): HostKey[] {
  return text.split('\n').flatMap(line => {
    const entry = parsed(line)
    return entry !== undefined && entry.names.includes(name) ? [{ type: entry.type, key: entry.key }] : []
  })
}

export function withPinnedKey(text: string, server: ServerAddress, { type, key }: HostKey): string {
  const rest = withoutKeysOf(text, pinnedName(server))
  const start = rest.trim() === '' ? heading : rest.endsWith('\n') ? rest : `${rest}\n`
  return `${start}${pinnedName(server)} ${type} ${key} ${server.name}\n`
}

/** What ssh is shown: the keys of this one server. */
export function pinnedFileText(server: Pick<ServerAddress, 'host' | 'port'>, keys: readonly HostKey[]): string {
  return keys.map(({ type, key }) => `${pinnedName(server)} ${type} ${key}\n`).join('')
}

/** As `ssh-keygen -l` and every provider's console write it. */
export function fingerprint({ key }: HostKey): string {
  const digest = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64')
  return `SHA256:${digest.replace(/=+$/, '')}`
}

const heading =
  '# The keys by which Slipway knows the servers of this project (form: known_hosts of OpenSSH).\n' +
  '# Keep it in the repository. A server that answers with another key is not spoken to.\n'

interface Entry {
  names: string[]
  type: string
  key: string
}

/** Lines of other forms (hashed names, authorities, revocations) pin nothing: such a server counts as unknown. */
function parsed(line: string): Entry | undefined {
  const [names = '', type = '', key = ''] = line.trim().split(/\s+/)
  if (names === '' || /^[#@|]/.test(names) || !/^[a-z0-9@.-]+$/.test(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(key)) {
    return undefined
  }
  return { names: names.split(',').map(each => each.toLowerCase()), type, key }
}

function withoutKeysOf(text: string, name: string): string {
  return text
    .split('\n')
    .filter(line => !(parsed(line)?.names.includes(name) ?? false))
    .join('\n')
}
