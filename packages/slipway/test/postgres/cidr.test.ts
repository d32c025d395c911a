import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { complement, normalNetwork } from '../../src/postgres/cidr.ts'

const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, length]) => `${address}/${length}`)
const v6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })).map(([address, length]) => `${address}/${length}`)

describe('complement', () => {
  test('nothing allowed is everything', () => expect(complement([])).toEqual(['0.0.0.0/0', '::/0']))

  test('all allowed is nothing', () => expect(complement(['0.0.0.0/0', '::/0'])).toEqual([]))

  test('of one network', () => {
    const networks = complement(['172.18.0.0/16'])
    expect(networks.slice(0, 3)).toEqual(['0.0.0.0/1', '128.0.0.0/3', '160.0.0.0/5'])
    expect(networks).toHaveLength(17)
    expect(networks.at(-1)).toBe('::/0')
  })

  test('every address is either allowed or in exactly one network of the complement', () => {
    const some = fc.array(fc.oneof(v4, v6), { maxLength: 4 })
    fc.assert(
      fc.property(
        some,
        fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { minLength: 1, maxLength: 8 }),
        (allowed, addresses) => {
          const outside = complement(allowed)
          const edges = allowed.map(network => network.split('/')[0] ?? '')
          for (const address of [...addresses, ...edges]) {
            const hits = outside.filter(network => holds(network, address)).length
            expect(hits).toBe(allowed.some(network => holds(network, address)) ? 0 : 1)
          }
        },
      ),
    )
  })

  test.each([
    '',
    'all',
    '10.0.0.0/33',
    '::/129',
    '1.2.3/8',
    '10.0.0.0/8 trust\nhost all all all trust',
    '10.0.0.0/-1',
    '10.0.0.0/08x',
  ])('refuses %j', network =>
    expect(() => complement([network])).toThrow(expect.objectContaining({ code: 'HOLD_FAILED' })),
  )
})

test.each([
  ['172.18.5.7/16', '172.18.0.0/16'],
  ['10.1.2.3', '10.1.2.3/32'],
  ['FD00:0:0:1::5/64', 'fd00:0:0:1::/64'],
  ['::ffff:10.0.0.1', '::ffff:a00:1'.replace('::ffff:a00:1', '0:0:0:0:0:ffff:a00:1/128')],
])('%s is %s', (given, normal) => expect(normalNetwork(given)).toBe(normal))

function holds(network: string, address: string): boolean {
  const [base = '', length] = network.split('/')
  const family = (text: string): 'ipv4' | 'ipv6' => (text.includes(':') ? 'ipv6' : 'ipv4')
  if (family(base) !== family(address)) return false
  if (length === '0') return true
  const list = new BlockList()
  list.addSubnet(base, Number(length), family(base))
  return list.check(address, family(address))
}
