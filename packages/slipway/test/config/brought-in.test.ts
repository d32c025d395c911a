import { expect, test } from 'vitest'
import { broughtIn } from '../../src/config/brought-in.ts'

test('include and extends, in all ways to write them, each file once', () => {
  const document = {
    include: ['one.yaml', { path: 'two.yaml' }, { path: ['three.yaml', 'one.yaml'] }, 7, null],
    services: { web: { extends: { file: 'four.yaml', service: 'web' } }, job: { extends: 'web' }, none: null },
  }
  expect(broughtIn(document)).toEqual(['one.yaml', 'two.yaml', 'three.yaml', 'four.yaml'])
  for (const empty of [undefined, null, 'x', [], { include: null, services: 'x' }]) expect(broughtIn(empty)).toEqual([])
})
