import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shellLine } from '../../src/support/shell-quote.ts'

const hostile = [
  '',
  ' ',
  '-rf',
  '--flag=value',
  '; touch marker',
  '$(touch marker)',
  '`touch marker`',
  '| touch marker',
  '&& touch marker',
  "'; touch marker; '",
  "'\\''",
  '"',
  '\\',
  '\\\n',
  'two\nlines\n',
  '\r\n',
  '~root',
  '*',
  '{a,b}',
  'A=b',
  '$HOME ${IFS}',
  '!!',
  '#no comment',
  '\t\u0007\u001b[31m',
  'ünïcödé 漢字 🚢',
  '../../etc/passwd',
  '<(touch marker)',
]

const word = fc.oneof(
  fc.constantFrom(...hostile),
  fc.string({ unit: 'binary', maxLength: 40 }).map(text => Buffer.from(text).toString().replaceAll('\0', '')),
)

describe.each(['sh', 'bash'])('a line for %s', shell => {
  test('gives exactly the words it was made of, and runs nothing', () => {
    const folder = mkdtempSync('/tmp/slipway-quote-')
    try {
      fc.assert(
        fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), words => {
          const line = shellLine(['printf', '%s\\0', ...words])
          const printed = execFileSync(shell, ['-c', line], { cwd: folder, encoding: 'utf8' })
          expect(printed.split('\0').slice(0, -1)).toEqual(words)
        }),
        { numRuns: 150 },
      )
      expect(existsSync(join(folder, 'marker'))).toBe(false)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

test('the first word is a program too, whatever it looks like', () => {
  expect(() => execFileSync('sh', ['-c', shellLine(['A=b', 'x'])], { stdio: 'pipe' })).toThrow(/not found/)
})

test('a NUL character is refused: no program can be given one', () => {
  expect(() => shellLine(['a\0b'])).toThrow(TypeError)
})
