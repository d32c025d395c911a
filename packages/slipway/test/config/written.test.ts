import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { field, fields } from '../../src/config/written.ts'

const read = (text: string): unknown => parse(text)

test('what stands there itself wins, then the first that is brought in', () => {
  const document = read(`
one: &one { image: one, ports: [1] }
two: &two { <<: *one, image: two, user: ada }
api: { <<: [*two, *one], ports: [2] }
`)
  const api = field(document, 'api')
  expect(fields(api)).toEqual([
    ['ports', [2]],
    ['image', 'two'],
    ['user', 'ada'],
  ])
  expect([field(api, 'image'), field(api, 'ports'), field(api, 'none')]).toEqual(['two', [2], undefined])
})

test('what is empty where it stands is not brought in', () => {
  expect(field(read('a: &a { x: 1 }\nb: { <<: *a, x: }'), 'b')).toEqual({ '<<': { x: 1 }, x: null })
  expect(field(field(read('a: &a { x: 1 }\nb: { <<: *a, x: }'), 'b'), 'x')).toBeNull()
})

test('nothing that objects inherit, and nothing of what is no map', () => {
  for (const value of [null, 1, 'text', [], [{ a: 1 }], undefined]) {
    expect(fields(value)).toEqual([])
    expect(field(value, 'a')).toBeUndefined()
  }
  expect(field({}, 'constructor')).toBeUndefined()
  expect(field({ '<<': ['text', null, 7] }, 'length')).toBeUndefined()
})

test('a block that brings in itself ends, and many uses of a large one take no room', () => {
  const round: Record<string, unknown> = { a: 1 }
  round['<<'] = [round, round]
  expect(fields(round)).toEqual([['a', 1]])
  const large = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`k${index}`, {}]))
  const services = Array.from({ length: 3000 }, () => ({ '<<': large, image: 'x' }))
  expect(services.every(service => field(service, 'k2999') === large['k2999'])).toBe(true)
})
