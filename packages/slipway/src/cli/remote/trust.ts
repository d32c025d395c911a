import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import { writtenAddress, type ServerAddress } from '../../servers/ssh/address.ts'
import { firstKey } from '../../servers/ssh/first-key.ts'
import { fingerprint, pinKey } from '../../servers/ssh/pinned-keys.ts'
import { SlipwayError } from '../../support/errors.ts'

/**
 * Opens a connection; when the server's key is not pinned yet, a person at a terminal is shown it and asked. Elsewhere,
 * and for every other answer than yes, the refusal stands.
 */
export async function withTrust<T>(server: ServerAddress, pinnedKeys: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    const isUnknown = error instanceof SlipwayError && error.code === 'HOST_KEY_UNKNOWN'
    if (!isUnknown || !process.stdin.isTTY || !process.stderr.isTTY) throw error
    if (!(await asked(server, pinnedKeys, process.stdin, process.stderr))) throw error
    return open()
  }
}

/** True: it was pinned. */
export async function asked(
  server: ServerAddress,
  pinnedKeys: string,
  input: Readable,
  output: Writable,
  find: typeof firstKey = firstKey,
): Promise<boolean> {
  const key = await find(server)
  const lines = createInterface({ input, output })
  try {
    const answer = await lines.question(
      [
        `The server ${server.name} (${writtenAddress(server)}) is not known yet. It answers with the key`,
        `  ${fingerprint(key)} (${key.type})`,
        'Compare it with what the server itself or its provider shows: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
        `Is it the right one? It is then kept in ${pinnedKeys}. Type yes: `,
      ].join('\n'),
    )
    if (answer.trim() !== 'yes') return false
    await pinKey(pinnedKeys, server, key)
    return true
  } finally {
    lines.close()
  }
}
