import { randomBytes } from 'node:crypto'
import { maxIdentifierBytes } from './sql.ts'

/**
 * The names of logins that Slipway makes: `shop_slipway_4f1c09ae` works as the role `shop`. Each rotation makes up
 * another, so that a name never has two passwords.
 */
export function newLoginName(role: string): string | undefined {
  const name = `${role}${infix}${randomBytes(4).toString('hex')}`
  return Buffer.byteLength(name) > maxIdentifierBytes ? undefined : name
}

/** The role that a login of Slipway's works as; undefined: it is none of Slipway's. */
export function roleOf(login: string): string | undefined {
  return form.exec(login)?.[1]
}

const infix = '_slipway_'
const form = new RegExp(`^(.+)${infix}[0-9a-f]{8}$`, 's')
