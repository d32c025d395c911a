import { boolean, nullable, object, string } from 'zod'
import { SlipwayError } from '../support/errors.ts'
import { queryBeside, runBeside, tryBeside } from './databases.ts'
import {
  dropLoginSql,
  findLoginsSql,
  makeLoginSql,
  openLoginSql,
  settingsSql,
  shutLoginSql,
  type RoleSetting,
} from './logins-sql.ts'
import { roleOf } from './release-login.ts'
import { scramVerifier } from './scram.ts'
import type { LiveDatabase } from './server.ts'

export interface ReleaseLogin {
  name: string
  password: string
}

/**
 * Makes the logins that are not there. One that is there keeps its password: an older release may have it. Nobody notices
 * a new one, and it is there as a whole or not at all. Returns those that were made.
 */
export async function provideLogins(live: LiveDatabase, logins: readonly ReleaseLogin[]): Promise<string[]> {
  const wanted = await toBeMade(live, logins)
  for (const { login, isShut } of wanted) await (isShut ? openLogin(live, login) : makeLogin(live, login))
  return wanted.map(({ login }) => login.name)
}

/** The names of those that `provideLogins` would make. */
export async function missingLogins(live: LiveDatabase, logins: readonly ReleaseLogin[]): Promise<string[]> {
  return (await toBeMade(live, logins)).map(({ login }) => login.name)
}

async function toBeMade(
  live: LiveDatabase,
  logins: readonly ReleaseLogin[],
): Promise<{ login: ReleaseLogin; isShut: boolean }[]> {
  const own = logins.filter(({ name }) => roleOf(name) !== undefined)
  if (own.length === 0) return []
  const attempted = 'The logins of the database could not be listed'
  const rows = await queryBeside(live, findLoginsSql(own.map(({ name }) => name)), loginRow, { attempted })
  const found = new Map(rows.map(row => [row.name, row]))
  return own.flatMap(login => {
    const known = found.get(login.name)
    // Another's is left alone, and so is one that is as it should be.
    if (known !== undefined && (known.open || !known.own)) return []
    return [{ login, isShut: known !== undefined }]
  })
}

/** Shuts and removes those that Slipway made and nobody needs any more. Returns their names. */
export async function retireLogins(live: LiveDatabase, needed: ReadonlySet<string>): Promise<string[]> {
  const attempted = 'The logins of the database could not be listed'
  const rows = await queryBeside(live, findLoginsSql(), loginRow, { attempted })
  const retired: string[] = []
  for (const { name, open } of rows) {
    if (needed.has(name) || roleOf(name) === undefined) continue
    if (open) {
      await runBeside(live, shutLoginSql(name), { attempted: `The login ${name} could not be shut` })
      retired.push(name)
    }
    await tryBeside(live, dropLoginSql(name))
  }
  return retired
}

async function makeLogin(live: LiveDatabase, { name, password }: ReleaseLogin): Promise<void> {
  const role = roleOf(name) ?? ''
  const attempted = `The login ${name} could not be made`
  const settings: RoleSetting[] = await queryBeside(live, settingsSql(role), settingRow, { attempted })
  await asOneOrNone(live, makeLoginSql({ name, role, verifier: scramVerifier(password) }, settings), attempted, role)
}

async function openLogin(live: LiveDatabase, { name, password }: ReleaseLogin): Promise<void> {
  const attempted = `The login ${name} could not be opened again`
  await runBeside(live, openLoginSql({ name, verifier: scramVerifier(password) }), { attempted })
}

async function asOneOrNone(live: LiveDatabase, sql: string, attempted: string, role: string): Promise<void> {
  await runBeside(live, sql, { attempted }).catch((error: unknown) => {
    if (!(error instanceof SlipwayError)) throw error
    throw new SlipwayError(error.code, attempted, {
      why: error.why,
      state: 'nothing was changed: all other logins are as they were',
      next: `It is to work as the role ${role}, which must be there, and Slipway's own role must be a superuser.`,
      cause: error,
    })
  })
}

const loginRow = object({ name: string(), open: boolean(), own: boolean() })
const settingRow = object({ database: nullable(string()), setting: string() })
