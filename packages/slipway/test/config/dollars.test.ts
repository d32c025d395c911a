import { expect, test } from 'vitest'
import { escaped, unescaped } from '../../src/config/dollars.ts'

test.each(['', 'a', '$', '$$', '$HOME', '${A:-$B}', 'a$$$b', '$&', '$1'])('%j is the same there and back', text => {
  expect(escaped(text)).toBe(text.split('$').join('$$'))
  expect(unescaped(escaped(text))).toBe(text)
})
