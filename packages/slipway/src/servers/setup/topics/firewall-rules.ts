import { isIP } from 'node:net'
import { pathPorts } from '../../../support/path-ports.ts'
import { allowedPorts, type Port } from '../wishes.ts'
import type { Situation } from '../topic.ts'

/** The firewall as values: what is let in, and what containers may show. */
export interface Rule {
  /** `any`, or an address or network. */
  from: string
  port: number
  protocol: 'tcp' | 'udp'
  comment: string
}

/** To the server itself, by UFW. */
export function hostRules({ facts, wishes }: Situation): Rule[] {
  const administrators = wishes.adminAddresses.length === 0 ? ['any'] : wishes.adminAddresses
  return [
    ...administrators.map((from): Rule => ({ from, port: facts.serverPort, protocol: 'tcp', comment: 'slipway SSH' })),
    // A server that does not decide asks the one that does; from everywhere, if nobody is named.
    ...(wishes.adminAddresses.length === 0 ? [] : wishes.neighbours).map(
      (from): Rule => ({ from, port: facts.serverPort, protocol: 'tcp', comment: 'slipway agreement' }),
    ),
    ...allowedPorts(wishes).map(
      ({ number, protocol, means }: Port): Rule => ({
        from: 'any',
        port: number,
        protocol,
        comment: `slipway ${means}`,
      }),
    ),
  ]
}

export function ufwArgv({ from, port, protocol, comment }: Rule): string[] {
  return ['ufw', 'allow', 'proto', protocol, 'from', from, 'to', 'any', 'port', String(port), 'comment', comment]
}

/**
 * Docker leads published ports past UFW, straight to the container; what it leaves to others is the chain DOCKER-USER.
 * Answers, and what comes out of containers, go on. Of what comes in, the port that was asked for must be allowed: the
 * container's own may be any. The last two lines are for neighbours who set a route to a container's own address.
 */
export function dockerUserRules({ wishes }: Situation, family: Family): string[] {
  return [
    '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
    '-i docker0 -j RETURN',
    '-i br-+ -j RETURN',
    ...allowedPorts(wishes).map(
      ({ number, protocol }) => `-p ${protocol} -m conntrack --ctorigdstport ${number} -j RETURN`,
    ),
    ...wishes.neighbours
      .filter(address => isIP(address) === family)
      .map(address => `-s ${network(address)} -p tcp -m conntrack --ctorigdstport ${pathRange} -j RETURN`),
    '-m conntrack --ctstate DNAT -j DROP',
    '-o docker0 -j DROP',
    '-o br-+ -j DROP',
    '-j RETURN',
  ].map(rule => `-A DOCKER-USER ${rule}`)
}

const pathRange = `${pathPorts.first}:${pathPorts.last}`

/** As the kernel writes it. */
function network(address: string): string {
  return isIP(address) === 4 ? `${address}/32` : `${new URL(`http://[${address}]`).hostname.slice(1, -1)}/128`
}

/** Of the Internet Protocol. */
export type Family = 4 | 6

/** For /etc/ufw/after.rules: UFW loads it with iptables-restore, which empties the chain that it names first. */
export function dockerUserBlock(situation: Situation, family: Family): string {
  const rules = dockerUserRules(situation, family)
  return [blockBegin, '*filter', ':DOCKER-USER - [0:0]', ...rules, 'COMMIT', blockEnd].join('\n')
}

export const blockBegin = '# BEGIN slipway: published ports of containers'
export const blockEnd = '# END slipway'
