import { describe, expect, test } from 'vitest'
import { assureLetIn, includes } from '../../../src/servers/setup/admin-addresses.ts'
import { machine } from './situations.ts'

describe('an address among networks', () => {
  test.each([
    [['203.0.113.0/24'], '203.0.113.7', true],
    [['203.0.113.0/24'], '203.0.114.7', false],
    [['203.0.113.7'], '203.0.113.7', true],
    [['203.0.113.0/24'], '::ffff:203.0.113.7', true],
    [['2001:db8::/48'], '2001:db8::1', true],
    [['2001:db8::/48'], '2001:db9::1', false],
    [['2001:db8::/48', '203.0.113.0/24'], '203.0.113.7', true],
    [['0.0.0.0/0'], 'nonsense', false],
    [['0.0.0.0/0'], '', false],
  ])('%j holds %s: %s', (networks, address, expected) => {
    expect(includes(networks, address)).toBe(expected)
  })
})

test('a set-up that would let in everybody but us is refused', () => {
  const situation = { ...machine, wishes: { ...machine.wishes, adminAddresses: ['198.51.100.0/24'] } }
  expect(() => assureLetIn('prod-1', situation)).toThrow(expect.objectContaining({ code: 'SERVER_UNSUITABLE' }))
  expect(() => assureLetIn('prod-1', machine)).not.toThrow()
})
