/** What the project wants of a server, beyond what every server gets. */
export interface Wishes {
  /** Who deploys: the user of slipway.yaml. */
  user: string
  /** Each gets a folder /opt/<app>. */
  app: string
  /** From where SSH is let in, as addresses or networks; empty: from everywhere. */
  adminAddresses: readonly string[]
  /** TCP ports open to everybody besides 80 and 443. */
  openPorts: readonly number[]
  /** Private addresses of the other servers of its environments: they reach SSH and the ways to the database. */
  neighbours: readonly string[]
  /** In megabytes; 0: none is made. */
  swapMegabytes: number
}

export const publicPorts: readonly Port[] = [
  { number: 80, protocol: 'tcp', means: 'HTTP' },
  { number: 443, protocol: 'tcp', means: 'HTTPS' },
  { number: 443, protocol: 'udp', means: 'HTTP/3' },
]

export interface Port {
  number: number
  protocol: 'tcp' | 'udp'
  means: string
}

/** What anybody may reach: on the server itself, and in containers that publish it. */
export function allowedPorts({ openPorts }: Pick<Wishes, 'openPorts'>): readonly Port[] {
  const usual = new Set(publicPorts.filter(each => each.protocol === 'tcp').map(each => each.number))
  const more = [...new Set(openPorts)].filter(each => !usual.has(each)).toSorted((a, b) => a - b)
  return [...publicPorts, ...more.map((number): Port => ({ number, protocol: 'tcp', means: 'opened in slipway.yaml' }))]
}
