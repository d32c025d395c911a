import { rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { SlipwayError } from '../support/errors.ts'
import { errorCode } from '../support/files.ts'
import { adminError, adminRequest, type AdminAnswer, type AdminRequest } from './caddy-admin.ts'
import { sameJson, type Json } from './caddy-document.ts'
import { frontArgv, labels } from './containers.ts'
import { docker, inspectContainer, lastOutput, removeContainer, tryDocker } from './docker.ts'
import { inFront, type EdgeLayout } from './layout.ts'
import { portInUse } from './listeners.ts'

export interface Front {
  name: string
  image: string
  volume: string
  layout: EdgeLayout
  /** Before a reload: a client in use sends something in this time, and learns that it should come anew. Default 3000. */
  leaveMs?: number
}

/** The configuration that the front runs with; undefined: it does not run (as far as this directory is concerned). */
export async function runningConfig(front: Front): Promise<unknown> {
  const container = await inspectContainer(front.name)
  if (container === undefined) return undefined
  refuseForeign(front, container.labels)
  if (!container.running) return undefined
  const deadline = performance.now() + startTimeoutMs
  for (;;) {
    try {
      const answer = await askFront(front, { method: 'GET', path: '/config/', timeoutMs: 5000 })
      if (answer.status === 200) return JSON.parse(answer.body) as unknown
      throw new SlipwayError('EDGE_FAILED', 'The edge does not tell its configuration', { why: adminError(answer) })
    } catch (error) {
      // Just started, or its directory was replaced under it: then it is started anew.
      if (!nobodyThere(error)) throw notAnswering(front, error)
      if (performance.now() > deadline) return undefined
      await sleep(50)
    }
  }
}

/** Replaces what is left of an earlier front, and waits until the new one serves. */
export async function startFront(front: Front, wanted: Json): Promise<void> {
  await removeContainer(front.name)
  const argv = frontArgv({
    name: front.name,
    image: front.image,
    volume: front.volume,
    directory: front.layout.directory,
  })
  const id = (await docker(argv, `The edge ${front.name} could not be started`, 'No edge runs.')).trim()
  const started = performance.now()
  for (;;) {
    const running = await askFront(front, { method: 'GET', path: '/config/', timeoutMs: 2000 }).catch(() => undefined)
    if (running?.status === 200 && sameJson(JSON.parse(running.body), wanted)) return
    const waited = performance.now() - started
    const container = waited > 1000 ? await inspectContainer(id) : undefined
    const died = waited > 1000 && container?.running !== true
    if (died || waited > startTimeoutMs) throw await giveUp(id)
    await sleep(20)
  }
}

/**
 * Reloads the front. Its connections are asked to leave first, as those that are idle at a reload are cut. What is left
 * is a machine so busy that connections still wait to be accepted when Caddy closes the old listener.
 * Caddy keeps serving with the old configuration when it can not take the new one.
 */
export async function loadConfig(front: Front, config: string): Promise<void> {
  const ask: AdminRequest = { method: 'POST', path: '/load', body: config, timeoutMs: 30_000 }
  await writeFile(front.layout.leaving, '')
  try {
    await sleep(front.leaveMs ?? 3000)
    const answer = await askFront(front, ask)
    if (answer.status !== 200) throw refusal('The edge refused its configuration', adminError(answer), [])
  } catch (error) {
    throw notAnswering(front, error)
  } finally {
    await rm(front.layout.leaving, { force: true })
  }
}

const startTimeoutMs = 5000

async function askFront(front: Front, ask: AdminRequest): Promise<AdminAnswer> {
  try {
    return await adminRequest(front.layout.frontAdmin, ask)
  } catch (error) {
    if (errorCode(error) !== 'EACCES') throw error
    // Made by the container's root. Its directory lets only this user in, so the socket itself may be open.
    await tryDocker(['exec', '--', front.name, 'chmod', '0777', inFront.admin])
    return adminRequest(front.layout.frontAdmin, ask)
  }
}

/** By its id: whatever has the front's name by now is not ours to remove. */
async function giveUp(id: string): Promise<SlipwayError> {
  const output = await lastOutput(id)
  await removeContainer(id)
  return refusal('The edge did not start', output.at(-1) ?? 'It does not answer.', output)
}

function refusal(attempted: string, why: string, output: readonly string[]): SlipwayError {
  const taken = /listen (?:tcp|udp)\S* \S*:(\d+): bind: address already in use/.exec(why)
  if (taken !== null) return portInUse(Number(taken[1]), [], attempted)
  return new SlipwayError('EDGE_FAILED', attempted, { why: why.slice(0, 500), output })
}

function notAnswering(front: Front, error: unknown): SlipwayError {
  if (error instanceof SlipwayError) return error
  return new SlipwayError('EDGE_FAILED', `The edge ${front.name} does not answer`, {
    why: error instanceof Error ? error.message : String(error),
    state: 'What it served before it still serves.',
    next: `docker logs ${front.name}`,
    cause: error,
  })
}

/** Two installations on one machine must not take each other's front down. */
function refuseForeign(front: Front, found: Record<string, string>): void {
  const directory = found[labels.edge]
  if (directory === front.layout.directory) return
  throw new SlipwayError('EDGE_FAILED', `The container ${front.name} is not this edge`, {
    why: directory === undefined ? 'It was not started by Slipway.' : `It serves the edge directory ${directory}.`,
    state: 'Nothing was changed.',
    next: 'Use the same SLIPWAY_HOME for all apps of a machine, or remove that container.',
  })
}

function nobodyThere(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED', 'ECONNRESET'].includes(errorCode(error) ?? '')
}
