import { SlipwayError } from '../support/errors.ts'
import { lastLines } from '../support/run.ts'
import type { Connection } from './ssh/connection.ts'

/** How a server is doing. */
export async function stateOf(connection: Connection, home: string): Promise<ServerState> {
  const result = await connection.script(stateScript, [home], { timeoutMs: 30_000 })
  const said = new Map(
    result.stdout
      .split('\n')
      .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
  )
  if (!said.has('end')) {
    throw new SlipwayError('SERVER_COMMAND_FAILED', `Looking at server ${connection.server.name}`, {
      why: result.timedOut ? 'It took too long.' : 'The questions did not come to their end.',
      state: 'Nothing was changed on the server.',
      output: lastLines(result.stderr),
    })
  }
  const text = (name: string): string => (said.get(name) ?? '').replace(/\p{Cc}/gu, '?').slice(0, 500)
  const number = (name: string): number => Number(text(name)) || 0
  return {
    name: connection.server.name,
    system: text('system'),
    container: text('container') === '' ? 'none' : text('container'),
    disk: { freeBytes: number('disk_free') * 1024, totalBytes: number('disk_total') * 1024 },
    memory: { availableBytes: number('memory_free') * 1024, totalBytes: number('memory_total') * 1024 },
    upSince: text('up_since'),
    docker: text('docker'),
    containers: number('containers'),
    rebootNeeded: text('reboot') === 'yes',
    engineUpdates: text('engine_updates').split(' ').filter(Boolean),
    deployKeys: [...said.keys()].flatMap(name => {
      const project = /^deploy_key:([a-z0-9_-]+)$/.exec(name)?.[1]
      return project === undefined ? [] : [{ project, publicKey: text(name) }]
    }),
  }
}

export interface ServerState {
  name: string
  system: string
  container: string
  /** Of the file system that holds Docker's data. */
  disk: { freeBytes: number; totalBytes: number }
  memory: { availableBytes: number; totalBytes: number }
  upSince: string
  docker: string
  containers: number
  rebootNeeded: boolean
  /** Packages of the engine for which there is a newer version. */
  engineUpdates: string[]
  /** With which it reads the repositories of environments: their public halves. */
  deployKeys: { project: string; publicKey: string }[]
}

const stateScript = `
export LC_ALL=C
say() { printf '%s=%s\\n' "$1" "$2"; }
. /etc/os-release
say system "$PRETTY_NAME"
say container "$(systemd-detect-virt --container 2>/dev/null)"
folder=/var/lib/docker; [ -d "$folder" ] || folder=/
say disk_total "$(df -kP "$folder" | awk 'NR == 2 { print $2 }')"
say disk_free "$(df -kP "$folder" | awk 'NR == 2 { print $4 }')"
say memory_total "$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)"
say memory_free "$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)"
say up_since "$(uptime -s 2>/dev/null)"
say docker "$(docker version --format '{{.Server.Version}}' 2>/dev/null)"
say containers "$(docker ps --quiet 2>/dev/null | wc -l)"
[ ! -e /var/run/reboot-required ] || say reboot yes
updates=
for name in $(apt-mark showhold 2>/dev/null); do
  have=$(apt-cache policy "$name" | sed -n 's/^  Installed: //p'); newest=$(apt-cache policy "$name" | sed -n 's/^  Candidate: //p')
  [ "$have" = "$newest" ] || updates="$updates $name"
done
say engine_updates "$updates"
# The folder is root's: who deploys may become that, or not see it.
become=; sudo -n true 2>/dev/null && become='sudo -n'
$become find "$1/apps" -mindepth 2 -maxdepth 2 -name deploy-key.pub 2>/dev/null | while read -r file; do
  folder=\${file%/*}; say "deploy_key:\${folder##*/}" "$($become cat "$file")"
done
say end yes
`
