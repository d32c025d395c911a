import type { Release } from '../release/model.ts'
import type { DatabasePathStart } from '../release/several/agreement.ts'
import { SlipwayError } from '../support/errors.ts'
import type { RunResult } from '../support/run.ts'
import { dockerError, tryDocker } from './docker.ts'
import { files } from './names.ts'
import { networkName, pathNetwork } from './network-argv.ts'
import { createNetworks } from './networks.ts'
import { offeredArgv, pathLabel, pathName, portsToTry, takenArgv, type PathContainer } from './path-argv.ts'
import { readDocument } from './release-files.ts'

/** The ends of a release's way to the database, on Docker. Safe to repeat; the release's removal takes them along. */
export async function offerPath(release: Release, { address, image, command }: PathPlace): Promise<DatabasePathStart> {
  const document = await readDocument(release, files.document)
  const network = networkName(release, document, pathNetwork)
  const service = release.database
  if (service === undefined) throw new SlipwayError('BUG', `${release.id} has no database to lead to`)
  const before = await present(release)
  if (before?.running === true && before.start.startsWith(`${address}:`)) return { port: portOf(before.start) }
  await removePath(release)
  let taken: RunResult | undefined
  for (const port of portsToTry(release)) {
    const argv = offeredArgv({ release, network, service, address, port, image, command })
    const result = await tryDocker(argv)
    if (result.exitCode === 0) return { port }
    await removePath(release)
    if (!/port is already allocated|address already in use/i.test(result.stderr)) throw notOpened(release, argv, result)
    taken = result
  }
  throw notOpened(release, ['run'], taken ?? { exitCode: 1, stdout: '', stderr: 'no port is free', timedOut: false })
}

export async function takePath(
  release: Release,
  { port }: DatabasePathStart,
  { address, image, command }: PathPlace,
): Promise<void> {
  if (release.path?.kind !== 'taken') return
  const { service, networks } = release.path
  const before = await present(release)
  if (before?.running === true && before.start === `${address}:${port}`) return
  await removePath(release)
  const document = await readDocument(release, files.document)
  await createNetworks(release, document)
  const network = networkName(release, document, pathNetwork)
  const argv = takenArgv({ release, network, address, port, image, command })
  await succeed(release, argv)
  const name = pathName(release)
  for (const key of networks) {
    const reached = networkName(release, document, key)
    await succeed(release, ['network', 'connect', '--alias', service, '--', reached, name])
  }
  await succeed(release, ['start', '--', name])
}

/** Where the release's way begins, as its container says; undefined: it has none. */
export async function pathStart(release: Release): Promise<DatabasePathStart | undefined> {
  const found = await present(release)
  return found === undefined ? undefined : { port: portOf(found.start) }
}

export interface PathPlace extends Pick<PathContainer, 'image' | 'command'> {
  /** The private address of the database's server. */
  address: string
}

async function present(release: Release): Promise<{ running: boolean; start: string } | undefined> {
  const format = `{{.State.Running}} {{index .Config.Labels "${pathLabel}"}}`
  const { exitCode, stdout } = await tryDocker(['container', 'inspect', '--format', format, '--', pathName(release)])
  if (exitCode !== 0) return undefined
  const [running = '', start = ''] = stdout.trim().split(' ')
  return { running: running === 'true', start }
}

function portOf(start: string): number {
  return Number(start.slice(start.lastIndexOf(':') + 1))
}

async function removePath(release: Release): Promise<void> {
  await tryDocker(['rm', '--force', '--volumes', '--', pathName(release)])
}

async function succeed(release: Release, argv: readonly string[]): Promise<void> {
  const result = await tryDocker(argv)
  if (result.exitCode !== 0) throw notOpened(release, argv, result)
}

function notOpened(release: Release, argv: readonly string[], result: RunResult): SlipwayError {
  return dockerError(argv, result, {
    code: 'START_FAILED',
    attempted: `The way of ${release.id} to the database could not be opened`,
    next: 'Look at the private address in slipway.yaml and at what listens there, and deploy again.',
  })
}
