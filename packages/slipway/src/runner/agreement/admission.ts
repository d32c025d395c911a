import type { Layout } from '../../store/layout.ts'
import { SlipwayError } from '../../support/errors.ts'
import { shellLine } from '../../support/shell-quote.ts'
import { agreeCommand } from './names.ts'
import { agreementPlace, isServerName } from './place.ts'

/**
 * How a follower's key is let in on the server that decides: for one command, in a container that has no network, sees
 * the journals of this environment, and may write reports. Pure.
 */
export function admittedLine({ publicKey, ...follower }: Admitted): string {
  const [type = '', key = ''] = publicKey.trim().split(/\s+/)
  if (!/^ssh-ed25519$/.test(type) || !/^[A-Za-z0-9+/]{40,100}={0,2}$/.test(key)) {
    throw new SlipwayError('BUG', `That is no public key of ${follower.server}`)
  }
  // In authorized_keys a quote is written behind a backslash, and nothing else is.
  const command = shellLine(['docker', ...answeringArgv(follower)]).replaceAll('"', '\\"')
  if (/[\r\n]/.test(command)) throw new SlipwayError('BUG', 'A command for authorized_keys has a line break')
  return `command="${command}",restrict ${type} ${key} ${mark(follower)}`
}

/** By its last word a line is found again, when the follower has another key, or Slipway another image. */
export function mark({ project, server }: Pick<Follower, 'project' | 'server'>): string {
  if (!/^[a-z][a-z0-9_-]{0,60}$/.test(project) || !isServerName(server)) {
    throw new SlipwayError('BUG', `No follower has such a name: ${JSON.stringify(`${project} ${server}`)}`)
  }
  return `slipway-agreement:${project}:${server}`
}

export interface Admitted extends Follower {
  publicKey: string
}

export interface Follower {
  project: string
  server: string
  image: string
  layout: Pick<Layout, 'home' | 'environment' | 'journals'>
}

export function answeringArgv({ project, server, image, layout }: Follower): string[] {
  const { reports } = agreementPlace(layout)
  return [
    ['run', '--rm', '--interactive', '--pull=never', '--log-driver=none', '--init'],
    // One of them a follower: whoever has its key can not start any number.
    [`--name=slipway-agreement-${project}-${server}`],
    ['--network=none', '--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges'],
    ['--security-opt=label=disable', '--memory=192m', '--pids-limit=64'],
    // The files are root's; without capabilities it is no more than their owner.
    ['--user=0:0', '--userns=host', `--env=SLIPWAY_HOME=${layout.home}`],
    [`--mount=type=bind,readonly,source=${layout.journals},target=${layout.journals}`],
    [`--mount=type=bind,source=${reports},target=${reports}`],
    [image, agreeCommand, project, server],
  ].flat()
}

/**
 * Replaces the lines of these followers in the authorized_keys of whoever is logged in; the rest of the file stays as it
 * is. For `sh`: the lines come as parameters, mark and line by turns.
 */
export const admitScript = String.raw`
set -eu; umask 077
mkdir -p -- "$HOME/.ssh"
file=$HOME/.ssh/authorized_keys
exec 9> "$HOME/.ssh/.slipway-lock"
command -v flock > /dev/null && flock -w 20 9
partial=$(mktemp -- "$file.XXXXXX")
trap 'rm -f -- "$partial"' EXIT
if [ -e "$file" ]; then cat -- "$file" > "$partial"; fi
[ ! -s "$partial" ] || [ -z "$(tail -c 1 -- "$partial")" ] || echo >> "$partial"
while [ $# -ge 2 ]; do
  awk -v "mark=$1" '$NF != mark' "$partial" > "$partial.next"
  printf '%s\n' "$2" >> "$partial.next"
  mv -f -- "$partial.next" "$partial"
  shift 2
done
if [ -e "$file" ]; then
  cmp -s -- "$file" "$partial" && exit 0
  chmod --reference="$file" -- "$partial"
fi
sync -- "$partial" 2>/dev/null || sync
mv -fT -- "$partial" "$file"
trap - EXIT
`
