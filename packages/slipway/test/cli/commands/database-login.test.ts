import { expect, test } from 'vitest'
import { databaseLoginIn, proveOtherLogin, withNewLogin } from '../../../src/cli/commands/secrets/database-login.ts'
import { roleOf } from '../../../src/postgres/release-login.ts'
import type { OpenSecrets } from '../../../src/secrets/open.ts'
import { SlipwayError } from '../../../src/support/errors.ts'
import { config as sample } from '../../release/sample-config.ts'

const config = { ...sample, database: { service: 'db' } }

function secrets(values: Record<string, string>): OpenSecrets {
  const entries = Object.entries(values).map(([name, value]) => [name, Buffer.from(value)] as const)
  return { values: new Map(entries) } as unknown as OpenSecrets
}

function rotated(name: string, values: Record<string, string>): Record<string, string> {
  const given = secrets(values)
  const login = databaseLoginIn(name, given, config)
  if (login === undefined) throw new Error('no login')
  return Object.fromEntries([...withNewLogin(login, name, given)].map(([key, value]) => [key, String(value)]))
}

function refusal(name: string, values: Record<string, string>): SlipwayError {
  try {
    databaseLoginIn(name, secrets(values), config)
  } catch (error) {
    if (error instanceof SlipwayError) return error
  }
  throw new Error('was not refused')
}

test('a new user and password, and all else of the address as it was', () => {
  const { DATABASE_URL = '' } = rotated('DATABASE_URL', {
    DATABASE_URL: 'postgresql://shop:old%2Fone@db:5432/shop_live?schema=public&connection_limit=5\n',
  })
  const url = new URL(DATABASE_URL)
  expect(roleOf(url.username)).toBe('shop')
  expect(url.password).toMatch(/^[\w-]{43}$/)
  expect(DATABASE_URL.replace(/\/\/.*@/, '//')).toBe('postgresql://db:5432/shop_live?schema=public&connection_limit=5')
})

test('every address with the same login, and no other', () => {
  const changed = rotated('DATABASE_URL', {
    DATABASE_URL: 'postgres://shop:one@db/shop?pgbouncer=true',
    DIRECT_URL: 'postgres://shop:one@db/shop',
    REPORTS: 'postgres://reports:one@db/shop',
    OLDER: 'postgres://shop:two@db/shop',
    JWT_SECRET: 'one',
  })
  expect(Object.keys(changed)).toEqual(['DATABASE_URL', 'DIRECT_URL'])
  expect(new URL(changed['DIRECT_URL'] ?? '').username).toBe(new URL(changed['DATABASE_URL'] ?? '').username)
})

test('the second time it is the same role, by another name', () => {
  const first = rotated('URL', { URL: 'postgres://sh%20op:one@db/x' })['URL'] ?? ''
  const second = rotated('URL', { URL: first })['URL'] ?? ''
  const users = [first, second].map(each => decodeURIComponent(new URL(each).username))
  expect(users.map(roleOf)).toEqual(['sh op', 'sh op'])
  expect(users[0]).not.toBe(users[1])
})

test.each(['postgres://shop:one@db', 'postgres://shop:one@db/', 'postgres://shop:one@db?x=1'])(
  'where the user named the database too, it is named now: %s',
  address => {
    expect(new URL(rotated('URL', { URL: address })['URL'] ?? '').pathname).toBe('/shop')
  },
)

test('what is no login of the database is rotated as ever', () => {
  const values = { JWT_SECRET: 'x', SMTP: 'smtp://a:b@mail', DATABASE_URL: 'postgres://shop:one@db/shop' }
  expect(databaseLoginIn('JWT_SECRET', secrets(values), config)).toBeUndefined()
  expect(databaseLoginIn('SMTP', secrets(values), config)).toBeUndefined()
})

test.each<[string, Record<string, string>, RegExp]>([
  ['PW', { PW: 'o/ne', DATABASE_URL: 'postgres://shop:o%2Fne@db/shop' }, /secrets rotate \S+ DATABASE_URL/],
  ['POSTGRES_PASSWORD', { POSTGRES_PASSWORD: 'a', URL: 'postgres://shop:one@db/shop' }, /secrets rotate \S+ URL/],
  ['DB_PASSWORD', { DB_PASSWORD: 'a' }, /whole address/],
  ['URL', { URL: 'postgres://shop:one@elsewhere.example.com/shop' }, /Make another login there/],
  ['URL', { URL: 'postgres://db/shop' }, /user:password/],
  ['URL', { URL: 'postgres://shop@db/shop' }, /user:password/],
  ['URL', { URL: 'postgres://%zz:one@db/shop' }, /user:password/],
])('%s of %j is refused, with what to do', (name, values, next) => {
  const error = refusal(name, values)
  expect(error).toMatchObject({ code: 'USAGE', state: 'nothing was changed', next: expect.stringMatching(next) })
  expect(`${error.message} ${error.why} ${error.next}`).not.toMatch(/o\/ne|:one/)
})

test('a role whose name is too long is refused', () => {
  expect(() => rotated('URL', { URL: `postgres://${'r'.repeat(47)}:one@db/x` })).toThrow('can not be rotated like this')
})

test('what is piped in must be another login', () => {
  const old = { user: 'shop', role: 'shop', password: 'one' }
  proveOtherLogin(old, 'URL', Buffer.from('postgres://shop_2:two@db/shop\n'))
  for (const value of ['postgres://shop:two@db/shop', 'another', 'postgres://db/shop'])
    expect(() => proveOtherLogin(old, 'URL', Buffer.from(value))).toThrow('can not be rotated like this')
})
