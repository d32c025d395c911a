import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Contents } from './sealed-file.ts'

/**
 * The seal over a file of secrets: an HMAC whose key only those can read who can read the values, taken over the names,
 * the ciphertexts, the values in clear and the recipients. Without the clear values in it, anybody could seal values of
 * his own beside ciphertexts that he can not read. Pure.
 */
export function sealOf(contents: Contents, clear: ReadonlyMap<string, Uint8Array>, key: SealKey): string {
  const hmac = createHmac('sha256', key)
  const add = (part: string | Uint8Array): void => {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(bytes.length))
    hmac.update(length).update(bytes)
  }
  add('slipway secrets 1')
  add(contents.app)
  add(contents.environment)
  add(String(contents.revision))
  add(String(contents.recipients.length))
  for (const { name, kind, key: publicKey } of contents.recipients) [name, kind, publicKey].forEach(add)
  add(String(contents.values.size))
  for (const [name, ciphertext] of contents.values) {
    add(name)
    add(ciphertext)
    add(clear.get(name) ?? '')
  }
  return hmac.digest('base64')
}

/** 32 random bytes. */
export type SealKey = Uint8Array

export function isSealedBy(
  contents: Contents & { seal: { mac: string } },
  clear: ReadonlyMap<string, Uint8Array>,
  key: SealKey,
): boolean {
  const wanted = Buffer.from(sealOf(contents, clear, key))
  const given = Buffer.from(contents.seal.mac)
  return wanted.length === given.length && timingSafeEqual(wanted, given)
}

/**
 * The key of a seal, and those before it, newest first. A new one is made when somebody loses access; a server that
 * knows an older one sees by it that the file was written by those who could read the one before.
 */
export type SealKeys = readonly [SealKey, ...SealKey[]]

export function newSealKeys(before: readonly SealKey[] = []): SealKeys {
  return [randomBytes(keyLength), ...before.slice(0, mostKept)]
}

/** One key a line, in base64. */
export function printSealKeys(keys: SealKeys): string {
  return keys.map(key => `${Buffer.from(key).toString('base64')}\n`).join('')
}

/** Undefined: these are no keys. */
export function parseSealKeys(text: string): SealKeys | undefined {
  const [first, ...more] = text
    .split('\n')
    .filter(line => line !== '')
    .map(line => Buffer.from(line, 'base64'))
  if (first === undefined || [first, ...more].some(key => key.length !== keyLength)) return undefined
  return [first, ...more]
}

const keyLength = 32
const mostKept = 19
