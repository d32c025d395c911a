import { allowedPorts, type Port } from '../wishes.ts'
import type { Situation } from '../topic.ts'

/** What is let in to the server itself, as values. */
export interface Rule {
  /** `any`, or an address or network. */
  from: string
  port: number
  protocol: 'tcp' | 'udp'
  comment: string
}

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
