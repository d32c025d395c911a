import { describe, expect, test } from 'vitest'
import { checkSecrets } from '../../src/secrets/check.ts'
import { fitsFormat, secretFormatNames } from '../../src/secrets/formats.ts'
import { isSecretName, requireSecretName } from '../../src/secrets/names.ts'
import { generate, misfit, parseLength, type SecretRule, undeclared } from '../../src/secrets/rules.ts'
import { bytesOf } from './keys.ts'

const rule = (given: Partial<SecretRule>): SecretRule => ({ ...undeclared, required: true, ...given })
const why = (given: Partial<SecretRule>, value: string) => misfit(rule(given), Buffer.from(value))

describe('names', () => {
  test.each(['JWT_SECRET', 'db-password', 'a.b', 'constructor', 'null', 'X'])('%s is one', name => {
    expect(isSecretName(name)).toBe(true)
  })

  test.each([
    ...[
      '',
      ' ',
      '-x',
      '--flag',
      '../x',
      'a/b',
      'a b',
      'a\nb',
      '$(touch x)',
      'a;b',
      '__proto__',
      '_x',
      '1x',
      'ключ',
      'a'.repeat(129),
    ],
    ...[
      'PATH',
      'path',
      'LD_PRELOAD',
      'DOCKER_HOST',
      'COMPOSE_FILE',
      'NODE_OPTIONS',
      'GIT_DIR',
      'SLIPWAY_AGE_KEY',
      'https_proxy',
    ],
  ])('%j is none, and the error does not break a line', name => {
    expect(isSecretName(name)).toBe(false)
    expect(() => requireSecretName(name)).toThrow(/^[^\n]*$/)
  })
})

describe('what is declared', () => {
  test.each([
    ['64', 64, 64],
    [32, 32, 32],
    ['>=64', 64, Number.MAX_SAFE_INTEGER],
    ['<= 72', 0, 72],
    ['32-64', 32, 64],
  ])('the length %s', (written, least, most) => {
    expect(parseLength(written)).toEqual({ least, most })
  })

  test.each(['', 'x', '-1', '64-32', '>=1-2', '0', '9'.repeat(9), '> 3'])('%j is no length', written => {
    expect(parseLength(written)).toBeUndefined()
  })

  test('is held against the value, in characters and not in bytes', () => {
    expect(why({ format: 'hex', length: { least: 64, most: 64 } }, 'ab'.repeat(32))).toBeUndefined()
    expect(why({ length: { least: 4, most: 4 } }, 'äöü😀')).toBeUndefined()
    expect(why({ length: { least: 64, most: 64 } }, 'short')).toBe('it has 5 characters, not at least 64')
    expect(why({ format: 'url' }, 'not a url')).toBe('it is not a URL')
    expect(why({ format: 'hex' }, 'zz')).toBe('it is not hexadecimal digits')
    expect(why({}, '')).toBe('it is empty')
    expect(why({}, 'changeme')).toContain('placeholder')
    expect(why({ as: 'variable' }, 'a\0b')).toContain('NUL')
    expect(misfit(rule({ format: 'text' }), Buffer.from([0xff, 0xfe]))).toContain('UTF-8')
    expect(misfit(rule({}), Buffer.from([0xff, 0xfe]))).toBeUndefined()
  })

  test.each(secretFormatNames)('%s: what is made up fits, is long enough and never comes twice', format => {
    const range = { least: 40, most: 80 }
    const declared = rule({ format, ...(format === 'uuid' ? {} : { length: range }) })
    const made = Array.from({ length: 50 }, () => generate(declared))
    if (made[0] === undefined) return expect(['url', 'email', 'pem', 'json']).toContain(format)
    for (const value of made) {
      expect(fitsFormat(format, value ?? '')).toBe(true)
      expect(misfit(declared, Buffer.from(value ?? ''))).toBeUndefined()
    }
    expect(new Set(made).size).toBe(50)
  })

  test('characters of one’s own are used, and no others', () => {
    const made = generate(rule({ alphabet: 'AB😀', length: { least: 100, most: 100 } })) ?? ''
    expect(new Set(Array.from(made))).toEqual(new Set(['A', 'B', '😀']))
    expect(Array.from(made)).toHaveLength(100)
  })

  test('tells what is missing, does not fit or is not declared, and quotes no value', () => {
    const rules = { JWT: rule({ format: 'hex' }), GONE: rule({ format: 'url' }), MAY: rule({ required: false }) }
    const findings = checkSecrets(bytesOf({ JWT: 'hunter2-zz', EXTRA: 'hunter2-extra' }), rules)
    expect(findings.map(({ name, kind, command }) => [name, kind, command])).toEqual([
      ['GONE', 'missing', 'set'],
      ['JWT', 'unfit', 'set'],
      ['EXTRA', 'undeclared', 'remove'],
    ])
    expect(JSON.stringify(findings)).not.toContain('hunter2')
  })
})
