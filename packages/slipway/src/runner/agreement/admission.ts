import type { Layout } from '../../store/layout.ts'
import { SlipwayError } from '../../support/errors.ts'
import { shellLine } from '../../support/shell-quote.ts'
import { agreeCommand } from '../names.ts'
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
  if (!isServerName(follower.server)) {
    throw new SlipwayError('BUG', `No server has such a name: ${JSON.stringify(follower.server)}`)
  }
  return `command="${command}",restrict ${type} ${key} ${markOf(follower.project)}${follower.server}`
}

/** How the last words of an environment's lines begin: by them they are found again, whatever key or image they have. */
export function markOf(project: string): string {
  if (/^[a-z][a-z0-9_-]{0,60}$/.test(project)) return `slipway-agreement:${project}:`
  throw new SlipwayError('BUG', `No environment has such a name: ${JSON.stringify(project)}`)
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
 * Replaces the lines of an environment's followers in the authorized_keys of whoever is logged in; the rest of the file
 * stays as it is, and so does who may read it. For `sh`, with what the marks of that environment begin with, and the lines.
 */
export const admitScript = String.raw`
set -eu; umask 077
mark=$1; shift
mkdir -p -- "$HOME/.ssh"
file=$HOME/.ssh/authorized_keys
exec 9> "$HOME/.ssh/.slipway-lock"
if command -v flock > /dev/null; then flock -w 20 9; fi
partial=$(mktemp -- "$file.XXXXXX")
trap 'rm -f -- "$partial"' EXIT
if [ -e "$file" ]; then awk -v "mark=$mark" 'index($NF, mark) != 1' "$file" > "$partial"; fi
for line in "$@"; do printf '%s\n' "$line" >> "$partial"; done
if [ -e "$file" ]; then
  if cmp -s -- "$file" "$partial"; then exit 0; fi
  chmod --reference="$file" -- "$partial"
fi
sync -- "$partial" 2> /dev/null || sync
mv -fT -- "$partial" "$file"
trap - EXIT
`
