import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { defaults } from './defaults.ts'
import type { ServerConfig } from './model.ts'
import type { Report } from './project-files.ts'
import { quoted } from './rules.ts'
import type { SlipwayFile } from './schema.ts'
import { nearestName } from './suggest.ts'

/** The server that an environment names; undefined: this machine. */
export function serverOf(
  name: string | undefined,
  servers: SlipwayFile['servers'],
  directory: string,
  report: Report,
): ServerConfig | undefined {
  if (name === undefined || name === 'local') return undefined
  const known = Object.keys(servers ?? {})
  const written = known.includes(name) ? servers?.[name] : undefined
  if (written === undefined) {
    const near = nearestName(name, known)
    report(['server'], {
      message: `there is no server ${quoted(name)} under \`servers\``,
      mend: near === undefined ? serversExample(name) : `Did you mean ${near}?`,
    })
    return undefined
  }
  const { host, user, port, identity, home, runner } = written
  return {
    name,
    host,
    user: user ?? defaults.server.user,
    port: port ?? defaults.server.port,
    home: home ?? defaults.server.home,
    ...(identity === undefined ? {} : { identityFile: resolve(directory, withHome(identity)) }),
    ...(runner === undefined ? {} : { runner }),
  }
}

function serversExample(name: string): string {
  return `Describe it: \`servers: { ${name}: { host: shop.example.com } }\`.`
}

function withHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
}
