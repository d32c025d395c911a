import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { editText, Mistake, parseEdited } from '../../src/secrets/edit-text.ts'
import { isSecretName } from '../../src/secrets/names.ts'
import { bytesOf } from './keys.ts'

const edited = (text: string, values: Record<string, string> = {}) =>
  Object.fromEntries(
    [...parseEdited(text, bytesOf(values))].map(([name, value]) => [name, value && Buffer.from(value).toString()]),
  )

describe('the text in the editor', () => {
  test('saved as it is changes nothing, whatever the values are', () => {
    const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/).filter(isSecretName)
    const value = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.constantFrom(
        'true',
        'null',
        '0x1f',
        ' a ',
        '- x',
        '# c',
        "'",
        '"',
        '|',
        '>\n',
        'a: b',
        '&x',
        '*x',
        '%',
        '@',
        '`',
        '\n\n',
        'a\n',
        '  - a\n b',
        '---',
        '...',
        '\u0085',
        '\u2028x',
      ),
    )
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 6 }), values => {
        expect(edited(editText(bytesOf(values), 'title'), values)).toEqual({})
      }),
      { numRuns: 500 },
    )
  })

  test('what is changed, new and taken out', () => {
    const text = editText(bytesOf({ KEPT: 'a', CHANGED: 'b', GONE: 'c' }), 'title')
    const changed = `${text.replace('CHANGED: b', 'CHANGED: "new: value"').replace('GONE: c\n', '')}NEW: |\n  two\n  lines\n`
    expect(edited(changed, { KEPT: 'a', CHANGED: 'b', GONE: 'c' })).toEqual({
      CHANGED: 'new: value',
      GONE: undefined,
      NEW: 'two\nlines\n',
    })
  })

  test('numbers and words stay as they are typed', () => {
    expect(edited('A: 007\nB: yes\nC: 1e3\nD: null\n')).toEqual({ A: '007', B: 'yes', C: '1e3', D: 'null' })
  })

  test('what is no text is not shown and stays', () => {
    const values = new Map([['BINARY', Buffer.from([0, 255])], ...bytesOf({ BELL: 'a\u0007b', TEXT: 'x' })])
    const text = editText(values, 'title')
    expect(text).toContain('kept as they are: BINARY, BELL')
    expect(parseEdited(text, values).size).toBe(0)
  })

  test.each([
    ['A: 1\nA: 2\n', 'line 2: A is there twice'],
    ['A: hunter2: [\n', /^line 1: that is not of the form/],
    ['just words hunter2\n', /^line 1: /],
    ['A:\n', 'line 1: A is empty: take the line out to remove it'],
    ['A: [hunter2]\n', 'line 1: the value of A is not text: put it in quotes'],
    ['LD_PRELOAD: hunter2\n', /line 1: "LD_PRELOAD" can not be the name of a secret/],
    ['"a\\nb": hunter2\n', /line 1: "a\\nb" can not be/],
    ['../x: hunter2\n', /can not be the name/],
  ])('%j is a mistake with its line, and no value in it', (text, message) => {
    expect(() => edited(text)).toThrow(Mistake)
    expect(() => edited(text)).toThrow(message)
    expect(() => edited(text)).not.toThrow(/hunter2/)
  })
})
