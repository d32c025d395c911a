import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { defaults } from './defaults.ts'
import type { ServerConfig } from './model.ts'
import type { SlipwayFile } from './schema.ts'

/** The servers of slipway.yaml in its order, with every default filled in. */
export function serverConfigs(written: SlipwayFile['servers'], directory: string): ServerConfig[] {
  return Object.entries(written ?? {}).map(([name, server]): ServerConfig => {
    const { host, user, port, identity, admin_addresses, open_ports, swap, home, runner, private_address } = server
    return {
      name,
      host,
      user: user ?? defaults.server.user,
      port: port ?? defaults.server.port,
      ...(identity === undefined ? {} : { identityFile: absolute(identity, directory) }),
      adminAddresses: admin_addresses ?? [],
      openPorts: open_ports ?? [],
      swapMegabytes: megabytes(swap ?? defaults.server.swap),
      home: home ?? defaults.server.home,
      ...(runner === undefined ? {} : { runner }),
      ...(private_address === undefined ? {} : { privateAddress: private_address }),
    }
  })
}

/** `~` is what people write for their own folder; no shell is here to read it. */
function absolute(path: string, directory: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(directory, path)
}

function megabytes(written: string): number {
  if (written === 'off') return 0
  return Number.parseInt(written, 10) * (written.endsWith('g') ? 1024 : 1)
}
