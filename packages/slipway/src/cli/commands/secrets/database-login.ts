import { randomBytes } from 'node:crypto'
import type { EnvironmentConfig } from '../../../config/model.ts'
import { newLoginName, roleOf } from '../../../postgres/release-login.ts'
import type { OpenSecrets } from '../../../secrets/open.ts'
import { textOf } from '../../../secrets/rules.ts'
import { SlipwayError } from '../../../support/errors.ts'

/**
 * The login of the database, as a secret holds it. PostgreSQL has one password for each role, and two releases log in side
 * by side, so a rotation gives the new release a login of its own: it works as the role of before, and the deployment
 * makes it. Undefined: the secret has nothing to do with the database.
 */
export function databaseLoginIn(name: string, secrets: OpenSecrets, config: EnvironmentConfig): OldLogin | undefined {
  const value = textOf(secrets.values.get(name) ?? new Uint8Array())?.trim() ?? ''
  const addresses = [...secrets.values].flatMap(([each, bytes]) => {
    const url = addressIn(textOf(bytes)?.trim() ?? '')
    return url === undefined ? [] : [{ name: each, url }]
  })
  const own = addresses.find(each => each.name === name)
  if (own !== undefined) return oldLogin(name, own.url, config)
  const around = addresses.find(({ url }) => value !== '' && passwordOf(url) === value)
  if (around === undefined && !/^(POSTGRES|PG|DB|DATABASE)_?PASS/i.test(name)) return undefined
  const address = around?.name ?? addresses.find(({ url }) => leadsToDatabase(url, config))?.name
  throw refused(name, {
    why: `${oneEach}, so that a new password takes a new login, and its name stands in the address`,
    next:
      address === undefined
        ? 'Keep the whole address (postgres://…) as one secret, from which the app takes it, and rotate that.'
        : `slipway secrets rotate ${config.environment} ${address}`,
  })
}

export interface OldLogin {
  user: string
  /** The role that it works as. */
  role: string
  password: string
}

/** Who logs in with it. */
export function loginOf(address: Uint8Array | undefined): string | undefined {
  const url = addressIn(textOf(address ?? new Uint8Array())?.trim() ?? '')
  return url === undefined ? undefined : userOf(url)
}

/** Each address with the old login gets the new one: an app may have several, for a pool and for its migrator. */
export function withNewLogin(old: OldLogin, name: string, secrets: OpenSecrets): Map<string, Uint8Array> {
  const user = newLoginName(old.role)
  if (user === undefined) {
    throw refused(name, {
      why: `the name of the role ${old.role} is too long to add to it`,
      next: 'Make a second role with the same rights by hand, and pipe its address in: --stdin.',
    })
  }
  const password = randomBytes(32).toString('base64url')
  const changes = new Map<string, Uint8Array>()
  for (const [each, bytes] of secrets.values) {
    const url = addressIn(textOf(bytes)?.trim() ?? '')
    if (url === undefined || userOf(url) !== old.user || passwordOf(url) !== old.password) continue
    // Without a path, the name of the user is that of the database.
    if (url.pathname === '' || url.pathname === '/') url.pathname = `/${encodeURIComponent(old.user)}`
    url.username = encodeURIComponent(user)
    url.password = password
    changes.set(each, Buffer.from(url.href))
  }
  return changes
}

/** Only who made an address can make another: a made-up word in its place would lead nowhere. */
export function proveMadeHere(name: string, old: Uint8Array, { environment, file }: EnvironmentConfig): void {
  const text = textOf(old) ?? ''
  if (!text.includes('://')) return
  const isDatabase = /postg(res|is)/i.test(text.slice(0, text.indexOf('://')))
  const attempted = `A new value of ${name} can not be made up`
  const piped = `slipway secrets rotate ${environment} ${name} --stdin < file`
  throw new SlipwayError('USAGE', attempted, {
    why: isDatabase
      ? `it is an address of a database, and not of the form postgres://user:password@service/database, of which a new login can be made`
      : 'it has an address in it, and only somebody else can make another that works',
    state: 'nothing was changed',
    next: isDatabase
      ? `Write it in that form, if the app takes it, with the service of ${file} as its host. Or make another login by hand, with the same rights, and pipe the whole address in: ${piped}`
      : `Have another made where it came from, and pipe it in: ${piped}`,
  })
}

/** A login that somebody else has made. */
export function proveOtherLogin(old: OldLogin, name: string, value: Uint8Array): void {
  const url = addressIn(textOf(value)?.trim() ?? '')
  if (url !== undefined && userOf(url) !== undefined && userOf(url) !== old.user) return
  throw refused(name, {
    why:
      url === undefined
        ? 'the new value is no address of a database'
        : `${oneEach}: another password needs another login`,
    next: 'With nothing piped in (< /dev/null), a login is made up, and the deployment makes it.',
  })
}

function oldLogin(name: string, url: URL, config: EnvironmentConfig): OldLogin {
  const [user, password] = [userOf(url), passwordOf(url)]
  if (!leadsToDatabase(url, config)) {
    throw refused(name, {
      why: `it leads to ${url.hostname}, which is not the database service of ${config.file}`,
      next: 'Make another login there with the same rights, set it (slipway secrets edit), and deploy.',
    })
  }
  if (user !== undefined && password !== undefined) return { user, password, role: roleOf(user) ?? user }
  throw refused(name, {
    why: 'the address has no user and password in it',
    next: 'Write it as postgres://user:password@host/database.',
  })
}

const oneEach = 'PostgreSQL has one password for a role, and old and new release log in side by side'

function refused(name: string, details: { why: string; next: string }): SlipwayError {
  const attempted = `${name} is the login of the database, which can not be rotated like this`
  return new SlipwayError('USAGE', attempted, { ...details, state: 'nothing was changed' })
}

function leadsToDatabase(url: URL, config: EnvironmentConfig): boolean {
  return config.database !== undefined && url.hostname === config.database.service
}

function addressIn(text: string): URL | undefined {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined
}

function userOf(url: URL): string | undefined {
  return decoded(url.username)
}

function passwordOf(url: URL): string | undefined {
  return decoded(url.password)
}

function decoded(part: string): string | undefined {
  if (part === '') return undefined
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
