import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { harmless, harmlessJson, oneLine } from '../../../src/cli/render/harmless.ts'

describe('foreign text', () => {
  test.each([
    ['colours', '\u001b[31mred\u001b[0m', 'red'],
    ['clearing the screen', 'a\u001b[2J\u001b[Hb', 'ab'],
    ['a window title', '\u001b]0;root@prod\u0007text', 'text'],
    ['a link', '\u001b]8;;https://evil\u001b\\click\u001b]8;;\u001b\\', 'click'],
    ['the clipboard', '\u001b]52;c;cm0gLXJm\u0007x', 'x'],
    ['8-bit sequences', '\u009b31mred \u009d0;title\u009cx', 'red x'],
    ['an unfinished sequence', 'text\u001b[', 'text'],
    ['an unfinished title hides no later line', '\u001b]0;title\nnext', '\nnext'],
    ['going back over what was printed', 'fine\b\b\b\bevil', 'fine����evil'],
    ['an overwritten line', 'real\rfake', 'real\nfake'],
    ['writing from right to left', 'a\u202eb', 'a�b'],
    ['an old workflow command', 'x ##[add-mask]y', 'x ## [add-mask]y'],
    ['a workflow command', 'a\n  ::error::x ::warning::y', 'a\n  : :error::x : :warning::y'],
    ['names and addresses', 'ActiveRecord::Base::x ::1 :::3000', 'ActiveRecord::Base::x ::1 :::3000'],
    ['ordinary text', 'Größe 日本 🚀 \\ "ok"', 'Größe 日本 🚀 \\ "ok"'],
  ])('%s', (_what, given, expected) => {
    expect(harmless(given)).toBe(expected)
  })

  test('never keeps a control character', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('\u001b', '[', ']', '\u009b', '\u0007', 'm', '0', ';', '\r', '\t', '#', '\\', 'P', ' '),
    })
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), text => {
        // oxlint-disable-next-line no-control-regex -- control characters are the subject
        expect(harmless(text)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|##\[/)
        expect(oneLine(text)).not.toContain('\n')
      }),
    )
  })

  test('JSON keeps every character and steers nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const json = harmlessJson({ text: `${text}\u009b31m##[group]\u202e` })
        // oxlint-disable-next-line no-control-regex -- control characters are the subject
        expect(json).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]|##\[/)
        expect(JSON.parse(json)).toEqual({ text: `${text}\u009b31m##[group]\u202e` })
      }),
    )
  })
})
