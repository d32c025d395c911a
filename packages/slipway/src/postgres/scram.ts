import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { SlipwayError } from '../support/errors.ts'

/**
 * What PostgreSQL keeps of a password, computed here as psql's `\password` does: the password itself is in no statement,
 * so in no log of statements either.
 */
export function scramVerifier(password: string, salt: Uint8Array = randomBytes(16)): string {
  // What else a password may hold is normalised before it is hashed (RFC 4013).
  if (!/^[\x20-\x7e]+$/.test(password)) {
    throw new SlipwayError('DATABASE_FAILED', 'A password can not be given to the database', {
      why: 'it has characters that are not printable ASCII',
      next: 'Let one be made up: slipway secrets rotate.',
    })
  }
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64')
  const serverKey = hmac(salted, 'Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString('base64')}$${storedKey}:${serverKey}`
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** As PostgreSQL itself. */
const iterations = 4096
