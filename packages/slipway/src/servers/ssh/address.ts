/** How a server is reached. The values have the forms of config/formats.ts; nothing here trusts that they do. */
export interface ServerAddress {
  /** What slipway.yaml calls it. */
  name: string
  host: string
  user: string
  port: number
  /** The private key, an absolute path; absent: what the agent and ~/.ssh offer. */
  identityFile?: string
}

/** As known_hosts files write it: `example.com`, or `[example.com]:2222` for another port than 22. */
export function pinnedName({ host, port }: Pick<ServerAddress, 'host' | 'port'>): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

/** For people: `deploy@203.0.113.10`, with the port when it is not 22. */
export function writtenAddress({ user, host, port }: Pick<ServerAddress, 'host' | 'user' | 'port'>): string {
  return `${user}@${host}${port === 22 ? '' : ` port ${port}`}`
}
