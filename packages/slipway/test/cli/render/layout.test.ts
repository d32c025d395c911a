import { expect, test } from 'vitest'
import { wrap } from '../../../src/cli/render/layout.ts'

test('a public key is never broken: it is there to be copied', () => {
  const key = `ssh-ed25519 ${'A'.repeat(68)} slipway-shop-prod`
  expect(wrap(`Add this key to the repository:\n${key}\nand go on`, 20)).toEqual([
    'Add this key to the',
    'repository:',
    key,
    'and go on',
  ])
  expect(wrap(`${key} and more words after it that are no key`, 40).length).toBeGreaterThan(1)
})
