import { describe, expect, test } from 'vitest'
import { compareSecrets, inCommon } from '../../src/secrets/compare.ts'
import { type SecretRule, undeclared } from '../../src/secrets/rules.ts'
import { bytesOf } from './keys.ts'

const rule = (declared: Partial<SecretRule>): SecretRule => ({ ...undeclared, ...declared })
const declared = (values: Record<string, string>, rules: Record<string, SecretRule> = {}) => ({
  values: bytesOf(values),
  rules,
})

describe('two environments', () => {
  test('what is missing, extra, identical, shared, or the same under another name', () => {
    const staging = bytesOf({
      JWT: 'identical-value',
      URL: 'one',
      ONLY: 'x',
      MAIL: 'shared-value',
      COPY: 'prod-password-1',
    })
    const prod = bytesOf({
      JWT: 'identical-value',
      URL: 'two',
      NEW: 'y',
      MAIL: 'shared-value',
      PASSWORD: 'prod-password-1',
    })
    const mail = { MAIL: rule({ shared: true }) }
    const { rows, sameValue } = compareSecrets({ values: staging, rules: mail }, { values: prod, rules: mail })
    expect(Object.fromEntries(rows.map(({ name, state }) => [name, state]))).toEqual({
      COPY: 'extra',
      JWT: 'identical',
      MAIL: 'shared',
      NEW: 'missing',
      ONLY: 'extra',
      PASSWORD: 'missing',
      URL: 'different',
    })
    expect(sameValue).toEqual([{ here: 'COPY', there: 'PASSWORD' }])
    expect(JSON.stringify([rows, sameValue])).not.toMatch(/value|prod-password/)
  })
})

const both = (one: Record<string, string>, other: Record<string, string>) =>
  [inCommon(declared(one), declared(other)), inCommon(declared(other), declared(one))].map(found =>
    found.map(({ here, there }) => [here, there]),
  )

describe('what two environments have in common', () => {
  test('is found from both sides, also where the other has the name too', () => {
    const staging = { DB_PASSWORD: 'copied-password', ADMIN_PASSWORD: 'of staging' }
    const prod = { DB_PASSWORD: 'of prod alone', ADMIN_PASSWORD: 'copied-password' }
    expect(both(staging, prod)).toEqual([[['DB_PASSWORD', 'ADMIN_PASSWORD']], [['ADMIN_PASSWORD', 'DB_PASSWORD']]])
  })

  test('may be so only where both say it', () => {
    const shared = { MAIL: rule({ shared: true }) }
    const mail = { MAIL: 'the-same-mail' }
    const states = [
      compareSecrets(declared(mail, shared), declared(mail)),
      compareSecrets(declared(mail), declared(mail, shared)),
      compareSecrets(declared(mail, shared), declared(mail, shared)),
    ].map(({ rows }) => rows[0]?.state)
    expect(states).toEqual(['identical', 'identical', 'shared'])
    const named = { COPY: rule({ shared: true }) }
    expect(compareSecrets(declared({ COPY: 'the-same-mail' }, named), declared(mail, shared)).sameValue).toEqual([])
    expect(compareSecrets(declared({ COPY: 'the-same-mail' }, named), declared(mail)).sameValue).toHaveLength(1)
  })

  test.each([
    ['another database', 'postgres://shop:pass%2Fword@db/staging', 'postgres://shop:pass%2Fword@db/prod'],
    ['another host and user', 'amqp://a:long-password@one/', 'amqp://b:long-password@two/'],
    [
      'another way to write it',
      'postgres://a:long%2Dpassword@db/x',
      'jdbc:postgresql://db/y?user=a&password=long-password',
    ],
    ['a final line break', 'long-password\n', 'long-password'],
    ['a final line break of Windows', 'long-password', 'long-password\r\n'],
    ['an at sign in it', 'redis://:long@password@a/0', 'redis://:long%40password@b/0'],
  ])('has %s, and is the same', (_, one, other) => {
    expect(both({ URL: one }, { URL: other })).toEqual([[['URL', 'URL']], [['URL', 'URL']]])
  })

  test('is a password that stands alone there and in an address here', () => {
    expect(both({ DATABASE_URL: 'postgres://shop:long-password@db/x' }, { PW: 'long-password' })).toEqual([
      [['DATABASE_URL', 'PW']],
      [['PW', 'DATABASE_URL']],
    ])
  })

  test('is not the user, the host, or what is short under other names', () => {
    const one = { URL: 'postgres://shopkeeper:one-password@database/shop', FLAG: 'true' }
    const other = { URL: 'postgres://shopkeeper:two-password@database/shop', OTHER: 'true', USER: 'shopkeeper' }
    expect(both(one, other)).toEqual([[], []])
  })

  test('is mended by a way that fits: an address is not replaced by a made-up word', () => {
    const one = declared({ URL: 'postgres://a:long-password@db/x', KEY: 'a-key-of-both' })
    const other = declared({ URL: 'postgres://a:long-password@db/y', KEY: 'a-key-of-both' })
    expect(inCommon(one, other).map(({ there, mend }) => [there, mend])).toEqual([
      ['KEY', 'generate'],
      ['URL', 'rotate'],
    ])
    expect(JSON.stringify([inCommon(one, other), compareSecrets(one, other)])).not.toMatch(/long-password|a-key/)
  })
})
