import fc from 'fast-check'
import { expect, test } from 'vitest'
import { freeName, isCopyName } from '../../src/postgres/names.ts'
import { identifier } from '../../src/postgres/sql.ts'

const live = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter(name => {
  return Buffer.byteLength(name) <= 63 && !/[\0\p{Surrogate}]/u.test(name)
})

test('a derived name always fits, is told as such, and belongs to one live database only', () => {
  fc.assert(
    fc.property(live, live, fc.string(), (name, other, label) => {
      const derived = freeName(name, 'before', label, new Set())
      expect(() => identifier(derived)).not.toThrow()
      expect(isCopyName(name, derived)).toBe(true)
      if (other !== name) expect(freeName(other, 'before', label, new Set())).not.toBe(derived)
    }),
  )
})

test('names that are taken get a number, also long ones', () => {
  for (const name of ['app', 'ü'.repeat(31)]) {
    const taken = new Set<string>()
    for (let round = 0; round < 12; round++) taken.add(freeName(name, 'left', 'd1', taken))
    expect(taken.size).toBe(12)
  }
  expect(freeName('app', 'left', 'd1', new Set(['app__left_d1']))).toBe('app__left_d1_2')
})

test('other databases are not taken for copies', () => {
  for (const name of [
    'app',
    'app2',
    'app__before',
    'app2__before_d1',
    'x_app__before_d1',
    'app__left_d1',
    '__before_d1',
  ]) {
    expect(isCopyName('app', name)).toBe(false)
  }
})
