import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Release } from '../release/model.ts'
import { SlipwayError } from '../support/errors.ts'
import { errorCode, readIfPresent, writeAtomically } from '../support/files.ts'
import { adminError, adminRequest } from './caddy-admin.ts'
import { doorArgv, doorName, labels, type DoorContainer } from './containers.ts'
import { doorConfig, doorGraceSeconds, type DoorService } from './door-config.ts'
import { docker, dockerFailure, inspectContainer, lastOutput, removeContainer, tryDocker } from './docker.ts'
import type { EdgeLayout } from './layout.ts'
import { safeNetworkName } from './names.ts'

/** Starts the release's door and waits until it takes connections. A door that already does is left alone. */
export async function openDoor(
  layout: EdgeLayout,
  image: string,
  release: Release,
  networks: readonly string[],
): Promise<void> {
  const services = doorServices(release)
  if (services.length === 0) return
  if (networks.length === 0)
    throw failed(release, 'The release has no network on which its web services could be reached.')
  const door = layout.door(release.project, release.id)
  const sockets = [door.admin, ...services.map(service => door.socket(service.name))]
  const config = `${JSON.stringify(doorConfig(services, release.id), null, 2)}\n`
  const container: DoorContainer = {
    name: doorName(release.project, release.id),
    image,
    project: release.project,
    release: release.id,
    definition: createHash('sha256')
      .update(JSON.stringify([config, image, networks]))
      .digest('hex')
      .slice(0, 16),
    networks: networks.map(safeNetworkName),
    directory: door.directory,
    user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
  }
  await mkdir(door.directory, { recursive: true, mode: 0o700 })
  if ((await readIfPresent(door.config)) !== config) await writeAtomically(door.config, config)
  if (await isWanted(container, sockets)) return
  if (!(await createContainer(container))) {
    if (await isWanted(container, sockets)) return
    await removeContainer(container.name)
    if (!(await createContainer(container)))
      throw failed(release, `Another process makes ${container.name} at the same time.`)
  }
  await waitFor(sockets, container.name, release)
}

/** Closes the door: who is still inside gets a short while, WebSockets a close frame. Safe to repeat. */
export async function closeDoor(layout: EdgeLayout, release: Release): Promise<void> {
  const name = doorName(release.project, release.id)
  const stopped = await tryDocker(['stop', '--time', String(doorGraceSeconds + 3), '--', name])
  if (stopped.exitCode !== 0 && !/no such container/i.test(stopped.stderr)) {
    throw dockerFailure(stopped, `The door of ${release.id} could not be closed`, 'It may still run, without traffic.')
  }
  await removeContainer(name)
  await rm(layout.door(release.project, release.id).directory, { recursive: true, force: true })
}

/**
 * Ends the door's WebSockets with a close frame (1001) and lets requests go on: loading its configuration anew is what
 * makes Caddy do this. A door that is gone has none.
 */
export async function closeWebSockets(layout: EdgeLayout, release: Release): Promise<void> {
  const door = layout.door(release.project, release.id)
  const body = await readIfPresent(door.config)
  if (body === undefined) return
  try {
    const answer = await adminRequest(door.admin, {
      method: 'POST',
      path: '/load',
      body,
      anew: true,
      timeoutMs: 10_000,
    })
    if (answer.status !== 200) throw failed(release, adminError(answer))
  } catch (error) {
    if (['ENOENT', 'ECONNREFUSED'].includes(errorCode(error) ?? '')) return
    if (error instanceof SlipwayError) throw error
    throw failed(release, error instanceof Error ? error.message : String(error))
  }
}

function doorServices(release: Release): DoorService[] {
  return release.services
    .filter(service => service.role === 'web')
    .map(({ name, port, replicas }) => {
      if (port !== undefined && Number.isInteger(port) && port > 0 && port < 65_536) return { name, port, replicas }
      throw failed(release, `It is not known on which port the web service ${name} listens.`)
    })
}

/** False: a container of this name is there already. */
async function createContainer(container: DoorContainer): Promise<boolean> {
  const attempted = `The door of ${container.release} could not be started`
  const created = await tryDocker(doorArgv(container))
  if (created.exitCode !== 0) {
    if (/is already in use by container/i.test(created.stderr)) return false
    // `docker run` leaves a container behind that it could not start.
    await removeContainer(container.name)
    throw dockerFailure(created, attempted, 'What served before still serves.')
  }
  const others = container.networks.slice(1)
  if (others.length === 0) return true
  for (const network of others)
    await docker(['network', 'connect', '--', network, container.name], attempted, 'No door runs.')
  await docker(['start', '--', container.name], attempted, 'No door runs.')
  return true
}

async function isWanted(container: DoorContainer, sockets: readonly string[]): Promise<boolean> {
  const found = await inspectContainer(container.name)
  if (found?.labels[labels.definition] !== container.definition || !found.running) return false
  return (await Promise.all(sockets.map(accepts))).every(Boolean)
}

async function waitFor(sockets: readonly string[], name: string, release: Release): Promise<void> {
  const started = performance.now()
  for (;;) {
    if ((await Promise.all(sockets.map(accepts))).every(Boolean)) return
    const waited = performance.now() - started
    const died = waited > 1000 && (await inspectContainer(name))?.running !== true
    if (died || waited > 10_000) {
      const output = await lastOutput(name)
      await removeContainer(name)
      throw failed(release, 'Its door does not take connections.', output)
    }
    await sleep(10)
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function failed(release: Release, why: string, output: readonly string[] = []): SlipwayError {
  return new SlipwayError('EDGE_FAILED', `The door of ${release.id} can not be used`, {
    why,
    state: 'What served before still serves.',
    output,
  })
}
