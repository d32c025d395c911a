import { BlockList, isIP } from 'node:net'
import { SlipwayError } from '../../support/errors.ts'
import type { Situation } from './topic.ts'

/** Throws when SSH would be let in from addresses to which this very login does not belong. */
export function assureLetIn(server: string, { facts, wishes }: Situation): void {
  const { adminAddresses } = wishes
  if (adminAddresses.length === 0 || includes(adminAddresses, facts.clientAddress)) return
  throw new SlipwayError('SERVER_UNSUITABLE', `Setting up server ${server}`, {
    why: `admin_addresses (${adminAddresses.join(', ')}) does not hold ${facts.clientAddress}, from which this login comes: it would be the last.`,
    state: 'Nothing was changed on it.',
    next: 'Add the address or its network to admin_addresses in slipway.yaml, or come from one of those.',
  })
}

/** An IPv4 address may come as an IPv6 one (`::ffff:203.0.113.7`). */
export function includes(networks: readonly string[], address: string): boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [start = '', length] = network.split('/')
    const family = isIP(start) === 6 ? 'ipv6' : 'ipv4'
    if (length === undefined) list.addAddress(start, family)
    else list.addSubnet(start, Number(length), family)
  }
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
}
