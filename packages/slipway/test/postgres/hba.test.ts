import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { databaseToken, fenceBlock, withFence, withoutFence } from '../../src/postgres/hba.ts'

const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .filter(text => !/[\r\n\0\p{Surrogate}]/u.test(text))
const file = fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes))

test('a fence that comes and goes leaves every byte as it was', () => {
  fc.assert(
    fc.property(file, name, name, (content, mine, other) => {
      const fenced = withFence(content, fenceBlock(mine, ['10.0.0.0/8'], 150000), mine)
      expect(hasFence(fenced, mine)).toBe(true)
      expect(withoutFence(fenced, mine)).toEqual(content)
      const again = withFence(fenced, fenceBlock(mine, [], 150000), mine)
      expect(withoutFence(again, mine)).toEqual(content)
      if (other === mine) return
      const both = withFence(fenced, fenceBlock(other, [], 150000), other)
      expect(hasFence(both, mine) && hasFence(both, other)).toBe(true)
      expect(withoutFence(withoutFence(both, mine), other)).toEqual(content)
    }),
  )
})

test('a half block, as nobody should leave it, is not cut off at the wrong place', () => {
  const half = Buffer.from(`${fenceBlock('app', [], 150000).split('\n')[0]}\nhost all all all scram-sha-256\n`)
  expect(withoutFence(half, 'app')).toEqual(half)
})

test('the fence stands before all other rules and rejects all but the allowed', () => {
  const fenced = withFence(
    Buffer.from('host all all all trust\n'),
    fenceBlock('app', ['0.0.0.0/1'], 150000),
    'app',
  ).toString()
  expect(fenced.split('\n').slice(1, 5)).toEqual([
    'host "app" all 128.0.0.0/1 reject',
    'host "app" all ::/0 reject',
    expect.stringMatching(/^# slipway fence of .*: end$/),
    'host all all all trust',
  ])
})

describe('the name of the database in a rule', () => {
  test('is one quoted token on one line', () => {
    fc.assert(
      fc.property(name, fc.constantFrom(150000, 160000), (database, version) => {
        const token = databaseToken(database, version)
        expect(token).toMatch(/^"(?:[^"\r\n]|"")*"$/)
        if (version < 160000) expect(token.slice(1, -1).replaceAll('""', '"')).toBe(database)
      }),
    )
  })

  test('is never a keyword, and never a pattern of its own', () => {
    expect(databaseToken('all', 160000)).toBe('"all"')
    expect(databaseToken('/app.*', 150000)).toBe('"/app.*"')
    expect(databaseToken('/app.*', 160000)).toBe('"/^\\/app\\.\\*$"')
  })

  test('with a line break is refused', () => {
    expect(() => databaseToken('a\nhost all all all trust', 150000)).toThrow(
      expect.objectContaining({ code: 'HOLD_FAILED' }),
    )
  })
})

function hasFence(content: Buffer, database: string): boolean {
  return !withoutFence(content, database).equals(content)
}
