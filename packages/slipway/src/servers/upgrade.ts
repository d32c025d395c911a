import { SlipwayError } from '../support/errors.ts'
import { lastLines } from '../support/run.ts'
import type { Connection } from './ssh/connection.ts'
import { aptFunctions } from './setup/apt-functions.ts'
import { situationOf } from './setup/check.ts'
import { asRoot, installing } from './setup/root.ts'
import { installedEngine } from './setup/topics/docker.ts'
import type { Wishes } from './setup/wishes.ts'

/**
 * Upgrades Docker, which automatic updates leave alone, and looks whether every container that ran before runs again.
 * With live-restore, which set-up switches on, they never stop.
 */
export async function upgradeEngine(
  connection: Connection,
  wishes: Wishes,
  note: (text: string) => void,
): Promise<UpgradedEngine> {
  const { facts } = await situationOf(connection, wishes)
  const root = asRoot(connection, facts)
  const { name } = connection.server
  const before = await look()
  note(`Docker ${before.version}, ${before.containers.length} containers`)
  const result = await root(`${aptFunctions}\n${upgradeScript}`, installing)
  if (result.exitCode !== 0) {
    throw new SlipwayError('SERVER_COMMAND_FAILED', `Upgrading Docker on server ${name}`, {
      why: result.timedOut ? 'It took too long.' : 'apt stopped with an error.',
      state: 'Containers that ran go on running. Docker may be old, new, or half installed.',
      next: `Look at what apt says, then run again: slipway server upgrade ${name}`,
      output: lastLines(result.stderr),
    })
  }
  const after = await look()
  const missing = before.containers.filter(each => !after.containers.includes(each))
  if (missing.length > 0) {
    throw new SlipwayError('NEEDS_PERSON', `Upgrading Docker on server ${name}`, {
      why: `These containers ran before, and do not run now: ${missing.join(', ')}.`,
      state: `Docker ${before.version} became ${after.version}.`,
      next: `Look at them: slipway server ssh ${name} "docker ps -a"`,
    })
  }
  return { name, before: before.version, after: after.version, containers: after.containers }

  async function look(): Promise<{ version: string; containers: string[] }> {
    const looked = await root(lookScript, { waitMs: 120_000 })
    const [version = '', ...containers] = looked.stdout.trim().split('\n')
    if (looked.exitCode === 0 && version !== '') return { version, containers: containers.toSorted() }
    throw new SlipwayError('SERVER_COMMAND_FAILED', `Looking at Docker on server ${name}`, {
      why: 'It does not answer.',
      state: 'Nothing was changed by looking.',
      output: lastLines(looked.stderr),
    })
  }
}

export interface UpgradedEngine {
  name: string
  before: string
  after: string
  containers: string[]
}

/** A restart of the engine takes a moment; a container counts when it runs, and is not just about to crash again. */
const lookScript = `
tries=0
until docker version --format '{{.Server.Version}}' 2>/dev/null; do
  tries=$((tries + 1)); [ $tries -lt 100 ] || exit 1; sleep 0.3
done
docker ps --filter status=running --format '{{.Names}}'
`

const upgradeScript = `set -eu
${installedEngine}
[ -n "$engine" ] || { echo 'no package of Docker is installed' >&2; exit 1; }
apt_update
apt-mark unhold $engine >/dev/null
# Held again whatever happens: a half upgrade must not go on by itself at night.
trap 'apt-mark hold $engine >/dev/null' EXIT
apt_get install --yes --only-upgrade $engine
`
