import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { connectionString, identifier, literal, maxIdentifierBytes } from '../../src/postgres/sql.ts'

const text = fc.string({ unit: 'binary' }).filter(value => !value.includes('\0') && !/\p{Surrogate}/u.test(value))
const hostile = fc.oneof(
  text,
  fc.constantFrom(
    `"`,
    `'`,
    `\\`,
    `\\'`,
    `";drop`,
    `$$`,
    `a\nb`,
    `--`,
    `/*`,
    `:x`,
    `E'`,
    `' or 1=1`,
    'host=evil',
    'ü'.repeat(31),
  ),
)

describe('identifier', () => {
  test('reads back to the same name, whatever it is', () => {
    const names = hostile.filter(name => name !== '' && Buffer.byteLength(name) <= maxIdentifierBytes)
    fc.assert(
      fc.property(names, name => {
        expect(readQuoted(identifier(name), '"')).toBe(name)
      }),
    )
  })

  test.each(['', 'a\0b', '\ud800', 'x'.repeat(64), 'ü'.repeat(32)])('refuses %j', name => {
    expect(() => identifier(name)).toThrow(expect.objectContaining({ code: 'DATABASE_FAILED' }))
  })

  test('counts bytes, not characters', () => {
    expect(() => identifier('ü'.repeat(31))).not.toThrow()
  })
})

describe('literal', () => {
  test('reads back to the same text', () => {
    fc.assert(
      fc.property(hostile, value => {
        const sql = literal(value).trimStart()
        const escaped = sql.startsWith('E')
        const inner = readQuoted(escaped ? sql.slice(1) : sql, "'")
        expect(escaped ? inner.replaceAll('\\\\', '\\') : inner).toBe(value)
        expect(escaped).toBe(value.includes('\\'))
      }),
    )
  })

  test('refuses a null character', () => {
    expect(() => literal('\0')).toThrow()
  })
})

test('a connection string keeps every value one value', () => {
  fc.assert(
    fc.property(hostile, hostile, (user, dbname) => {
      expect(readConnection(connectionString({ user, dbname }))).toEqual({ user, dbname })
    }),
  )
})

/** As PostgreSQL's scanner reads a quoted token that must be the whole input. */
function readQuoted(sql: string, quote: string): string {
  expect(sql.startsWith(quote) && sql.endsWith(quote) && sql.length >= 2).toBe(true)
  const inner = sql.slice(1, -1)
  expect(inner.replaceAll(quote + quote, '')).not.toContain(quote)
  return inner.replaceAll(quote + quote, quote)
}

/** As libpq's conninfo_parse reads it. */
function readConnection(given: string): Record<string, string> {
  const found: Record<string, string> = {}
  let rest = given
  while (rest !== '') {
    const key = /^(\w+)='/.exec(rest)
    expect(key).not.toBeNull()
    let at = key?.[0].length ?? 0
    let value = ''
    while (rest[at] !== "'") {
      if (rest[at] === '\\') at++
      expect(at).toBeLessThan(rest.length)
      value += rest[at++]
    }
    found[key?.[1] ?? ''] = value
    rest = rest.slice(at + 1).replace(/^ /, '')
  }
  return found
}
