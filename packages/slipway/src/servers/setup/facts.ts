import { SlipwayError } from '../../support/errors.ts'
import type { ServerAddress } from '../ssh/address.ts'

/** What a server is, before anything is wanted of it. */
export interface Facts {
  /** `debian` or `ubuntu`. */
  system: string
  /** `12`, `24.04`. */
  version: string
  /** `bookworm`, `noble`. */
  codename: string
  /** As people know it: `Debian GNU/Linux 12 (bookworm)`. */
  title: string
  architecture: string
  /** `none`, or the kind of container: `lxc`, `docker`, … */
  container: string
  /** Who is logged in, and how that user becomes root. */
  user: string
  root: 'is root' | 'sudo' | 'no'
  /** Where this login comes from, and the port of the server that it came to, as the server sees them. */
  clientAddress: string
  serverPort: number
  memoryMegabytes: number
  systemd: boolean
}

/** Run as whoever is logged in: sudo would hide where the login comes from. */
export const factsScript = `
say() { printf '%s=%s\\n' "$1" "$2"; }
. /etc/os-release
say system "$ID"
say version "$VERSION_ID"
say codename "$VERSION_CODENAME"
say title "$PRETTY_NAME"
say architecture "$(dpkg --print-architecture 2>/dev/null || uname -m)"
say container "$(systemd-detect-virt --container 2>/dev/null || echo none)"
say user "$(id -un)"
if [ "$(id -u)" = 0 ]; then say root 'is root'
elif sudo -n true 2>/dev/null; then say root sudo
else say root no
fi
set -- $SSH_CONNECTION
say clientAddress "$1"
say serverPort "$4"
say memory "$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)"
[ ! -d /run/systemd/system ] || say systemd yes
`

export function readFacts(printed: string): Facts {
  const said = new Map(
    printed.split('\n').flatMap(line => {
      const at = line.indexOf('=')
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
    }),
  )
  const text = (name: string): string => said.get(name) ?? ''
  const root = text('root')
  return {
    system: text('system'),
    version: text('version'),
    codename: text('codename'),
    title: text('title'),
    architecture: text('architecture'),
    // The program says `none` and fails, so that the word may come twice.
    container: text('container') === '' ? 'none' : text('container'),
    user: text('user'),
    root: root === 'is root' || root === 'sudo' ? root : 'no',
    clientAddress: text('clientAddress'),
    serverPort: Number(text('serverPort')) || 22,
    memoryMegabytes: Number(text('memory')) || 0,
    systemd: text('systemd') === 'yes',
  }
}

const known: Readonly<Record<string, readonly string[]>> = { debian: ['12', '13'], ubuntu: ['22.04', '24.04'] }

/** Throws for a server that set-up would not understand: half a set-up is worse than none. */
export function assureSuitable(server: ServerAddress, facts: Facts): void {
  const refuse = (why: string, next: string): never => {
    throw new SlipwayError('SERVER_UNSUITABLE', `Setting up server ${server.name}`, {
      why,
      state: 'Nothing was changed on it.',
      next,
    })
  }
  const { system, version, title, systemd, root, user } = facts
  if (known[system]?.includes(version) !== true) {
    const found = title === '' ? 'It does not say which system it has.' : `It runs ${title}.`
    refuse(found, 'Set-up knows Debian 12 and 13, and Ubuntu 22.04 and 24.04.')
  }
  if (!systemd) refuse('It does not run systemd.', 'Use a server or container that starts with systemd.')
  if (root === 'no') {
    refuse(
      `${user} is not root there, and may not use sudo without a password.`,
      `Log in as root the first time: slipway server setup ${server.name} --login root`,
    )
  }
}
