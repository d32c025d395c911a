import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SlipwayError } from '../../src/support/errors.ts'
import { blackened, redactor, secretsOf } from '../../src/support/redact.ts'
import type { Event } from '../../src/release/events.ts'

/** What a password generator may give; one that is part of the mark itself can not be told from it. */
const secret = fc
  .string({ unit: 'binary', minLength: 6, maxLength: 40 })
  .filter(text => text.trim().length >= 6 && !/[[\]]/.test(text) && !blackened.includes(text.trim()))
const around = fc.string({ unit: 'binary', maxLength: 30 })

describe('a known secret', () => {
  test('is found wherever it stands', () => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        expect(redactor([value]).text(before + value + after)).not.toContain(value)
      }),
    )
  })

  test('is found URL-encoded, in base64 and in JSON', () => {
    fc.assert(
      fc.property(secret, around, (value, before) => {
        const { text } = redactor([value])
        const wellFormed = Buffer.from(value).toString()
        for (const form of [
          encodeURIComponent(wellFormed),
          Buffer.from(value).toString('base64'),
          JSON.stringify(value).slice(1, -1),
        ]) {
          expect(text(`${before}${form} rest`)).not.toContain(form)
        }
      }),
    )
  })

  test('is found inside the base64 of a longer text, as in an Authorization header', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 7 }),
        fc.string({ unit: 'grapheme-ascii', minLength: 12, maxLength: 40 }),
        (length, value) => {
          const header = Buffer.from(`${'u'.repeat(length)}:${value}`).toString('base64')
          const shown = redactor([value]).text(`Authorization: Basic ${header}`)
          const left = Buffer.from(shown.split('Basic ')[1]?.split('[')[0] ?? '', 'base64').toString()
          expect(left.length).toBeLessThanOrEqual(length + 2)
        },
      ),
    )
  })

  test('overlapping secrets leave no rest', () => {
    expect(redactor(['abcdef', 'defghi']).text('xabcdefghix')).toBe(`x${blackened}x`)
    expect(redactor(['aaaaaa']).text('aaaaaaaaa')).toBe(blackened)
  })

  test('is found line by line when it has lines', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nAgEAAoIBAQC7VJTUt9Us\n-----END KEY-----'
    expect(redactor([key]).text('web | MIIEvQIBADANBgkqhkiG')).toBe(`web | ${blackened}`)
  })

  test('short values stay, or nothing could be read any more', () => {
    expect(redactor(['12345', '', '      ']).text('12345 items')).toBe('12345 items')
  })

  test('redacting twice changes nothing', () => {
    fc.assert(
      fc.property(secret, around, (value, before) => {
        const { text } = redactor([value])
        expect(text(text(before + value))).toBe(text(before + value))
      }),
    )
  })
})

describe('passwords in URLs', () => {
  test.each([
    ['postgres://shop:s3cr3t@db:5432/shop', `postgres://shop:${blackened}@db:5432/shop`],
    ['redis://:p@ss@cache', `redis://:${blackened}@cache`],
    ['https://ghp_0123456789@github.com/a/b.git', `https://${blackened}@github.com/a/b.git`],
    ['see https://example.com/a@b and mail me@example.com', 'see https://example.com/a@b and mail me@example.com'],
    ['git@github.com:a/b.git', 'git@github.com:a/b.git'],
    ['ssh://git@host/a', 'ssh://git@host/a'],
  ])('%s', (given, expected) => {
    expect(redactor([]).text(given)).toBe(expected)
  })

  test('a very long text is quick', () => {
    const started = performance.now()
    redactor(['secret-value']).text('a:'.repeat(200_000) + '//'.repeat(100_000) + 'https://'.repeat(50_000))
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('events and errors', () => {
  test('texts are redacted, names by which a deployment recovers are not', () => {
    const { event } = redactor(['switch', 'shop_r11', 'hunter22'])
    const given: Event[] = [
      { at: 'now', type: 'step-note', step: 'switch', text: 'password is hunter22' },
      { at: 'now', type: 'step-fact', step: 'switch', facts: { snapshot: { database: 'shop_r11', of: 'shop' } } },
    ]
    expect(given.map(event)).toEqual([
      { at: 'now', type: 'step-note', step: 'switch', text: `password is ${blackened}` },
      given[1],
    ])
  })

  test('what several servers agree on is read by the others as it was decided', () => {
    const event = {
      type: 'step-fact',
      step: 'switch',
      facts: {
        agreement: { key: 'd7@2026-11-21T10:00:00.000Z', role: 'decides' },
        outcome: 'switch',
        everywhere: 'differs',
        verdict: 'returned',
        outcomeWhy: 'it did not switch',
      },
    }
    const { facts } = redactor(['switch', 'differs', 'returned', '2026-11', 'decides']).event(event)
    expect(facts).toEqual({ ...event.facts, outcomeWhy: `it did not ${blackened}` })
  })

  test('no secret stays in any text of an event', () => {
    fc.assert(
      fc.property(secret, value => {
        const failure = {
          code: 'GATE_FAILED',
          message: value,
          why: value,
          state: value,
          next: value,
          output: [value, `x${value}`],
        }
        const event: Event = { at: 'now', type: 'step-failed', step: 'gate', seconds: 1, failure }
        const { code: _code, ...texts } = (redactor([value]).event(event) as typeof event).failure
        for (const text of Object.values(texts).flat()) expect(text).not.toContain(value)
      }),
    )
  })

  test('errors keep their code and lose their secrets, also in causes and stacks', () => {
    const error = new SlipwayError('DATABASE_FAILED', 'login with hunter22', {
      why: 'hunter22',
      output: ['hunter22'],
      cause: new Error('hunter22'),
    })
    const { error: redacted } = redactor(['hunter22'])
    const shown = redacted(error)
    expect(shown.code).toBe('DATABASE_FAILED')
    const cause = shown.cause as Error
    expect(
      [shown.message, shown.why, shown.output.join(), shown.stack, cause.message, cause.stack].join(),
    ).not.toContain('hunter22')
  })
})

test('secrets are known by their names, and by standing in URLs', () => {
  const found = secretsOf({
    POSTGRES_PASSWORD: 'first-secret',
    STRIPE_KEY: 'second-secret',
    api_token: 'third-secret',
    SENTRY_DSN: 'https://abc@sentry/1',
    DATABASE_URL: 'postgres://shop:p%40ssword@db/shop',
    POSTGRES_PASSWORD_FILE: '/run/secrets/password',
    NODE_ENV: 'production',
    SECRET_SHORT: 'abc',
    BROKEN_URL: 'redis://:100%percent@cache',
  })
  expect(found.toSorted()).toEqual([
    '100%percent',
    'first-secret',
    'https://abc@sentry/1',
    'p%40ssword',
    'p@ssword',
    'second-secret',
    'third-secret',
  ])
})
