import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReleaseId } from '../release/model.ts'
import { SlipwayError } from '../support/errors.ts'
import { errorCode } from '../support/files.ts'
import { holdName, type EdgeLayout } from './layout.ts'
import { relay } from './relay.ts'

/**
 * The sockets on which requests wait: connections are accepted here and not read, so that each request stays where
 * it is, whole, in the front and the kernel. They wait as long as this process lives: a deployment has its guardian
 * keep the room (kept-room.ts), so that they outlive the deployment.
 */
export function waitingRoom(layout: EdgeLayout, project: string, bounds = usualBounds): WaitingRoom {
  const holding = layout.door(project, holdName)
  const servers = new Map<string, Listening>()
  const open = new Set<Socket>()
  let waiting: Arrival[] = []
  /** Where to hand connections; undefined while they wait. */
  let destination: ((service: string) => string) | undefined
  let closing: NodeJS.Timeout | undefined
  /** Handed over, and not yet answered in full. */
  let underWay = 0

  function arrived(service: string, socket: Socket): void {
    track(socket)
    if (destination !== undefined) void handOver(socket, destination(service))
    else if (waiting.length < bounds.waiting) waiting.push({ service, socket })
    else turnAway(socket)
  }

  function handOver(socket: Socket, path: string): Promise<void> {
    underWay += 1
    socket.once('close', () => (underWay -= 1))
    return relay(socket, path, track)
  }

  function track(socket: Socket): void {
    open.add(socket)
    // Whoever reads it later says what an error means; until then it must only not end this process.
    socket.on('error', () => undefined)
    socket.once('close', () => open.delete(socket))
  }

  async function closeServers(): Promise<void> {
    clearTimeout(closing)
    closing = undefined
    if (servers.size > 0) await rm(holding.held, { force: true }).catch(() => undefined)
    for (const [service, listening] of servers) {
      servers.delete(service)
      listening.server.close()
      await removeOwn(holding.socket(service), listening.inode)
    }
  }

  return {
    async open(services) {
      clearTimeout(closing)
      closing = undefined
      destination = undefined
      await mkdir(holding.directory, { recursive: true, mode: 0o700 })
      for (const service of services) {
        if (servers.has(service)) continue
        servers.set(service, await listen(holding.socket(service), socket => arrived(service, socket)))
      }
      // By it the front knows a hold whose keeper has died; without it requests are held all the same.
      await writeFile(holding.held, '', { mode: 0o644 }).catch(() => undefined)
    },
    async handTo(release) {
      const socketOf = (service: string) => layout.door(project, release).socket(service)
      destination = socketOf
      const queue = waiting
      waiting = []
      await Promise.all(Array.from({ length: atOnce }, () => drain(queue, socketOf)))
      // A connection that found the old link is here by now, or will be at once.
      if (servers.size > 0) closing = setTimeout(() => void closeServers(), lateArrivalsMs)
      else await removeDead(holding.directory, /./)
    },
    count: () => waiting.filter(({ socket }) => !socket.destroyed).length,
    async close(limitMs) {
      const deadline = performance.now() + limitMs
      while (open.size > 0 && performance.now() < deadline) await new Promise(resolve => setTimeout(resolve, 20))
      for (const socket of open) socket.destroy()
      await closeServers()
      await removeDead(holding.directory, /\.sock$/)
    },
  }

  async function drain(queue: Arrival[], socketOf: (service: string) => string): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (underWay >= bounds.underWay) await roomAtTheDoor()
      if (next.socket.destroyed) continue
      await handOver(next.socket, socketOf(next.service))
    }
  }

  /** Never for long: answers that take their time, such as streams, must not keep the others waiting. */
  async function roomAtTheDoor(): Promise<void> {
    const endsAt = performance.now() + bounds.patienceMs
    while (underWay >= bounds.underWay && performance.now() < endsAt) await sleep(10)
  }
}

export interface Bounds {
  /** More are told at once to come again. */
  waiting: number
  /** Handed over at a time; the others have to wait for an answer, or for the patience to be over. */
  underWay: number
  patienceMs: number
}

/**
 * As the memory of front and door allows it: a request that waits takes some 60 kB of the front, more with TLS; one that is
 * handed over takes 65 kB of the door until it is answered.
 */
const usualBounds: Bounds = { waiting: 4096, underWay: 1024, patienceMs: 1000 }

/** Its request is read and forgotten, or the close would take the answer back. */
function turnAway(socket: Socket): void {
  socket.end(comeAgain)
  socket.resume()
  setTimeout(() => socket.destroy(), 5000).unref()
}

const comeAgain =
  'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n\r\nPlease try again\n'

export interface WaitingRoom {
  /** Safe to repeat, also after an earlier process died here. */
  open(services: readonly string[]): Promise<void>
  /** Hands over who waits, and from then on whoever still arrives. Resolves when all were handed over. */
  handTo(release: ReleaseId): Promise<void>
  count(): number
  /** Gives what was handed over a while to end, and ends it. */
  close(limitMs: number): Promise<void>
}

interface Arrival {
  service: string
  socket: Socket
}

/**
 * Whoever waited is connected through the process that kept the room, until the answer ends. Cut off there, a WebSocket
 * would end without a close frame; its door sends one when the release is put away.
 */
export const longestAnswersMs = 24 * 3600_000

/** All at once would overrun the app's queue of new connections, and it would refuse some. */
const atOnce = 128

const lateArrivalsMs = 1000

interface Listening {
  server: Server
  /** Of the socket's file. */
  inode: number
}

/** Binds beside and renames over: whatever a dead process left there is replaced without a gap. */
async function listen(path: string, arrived: (socket: Socket) => void): Promise<Listening> {
  // As long as `.sock`, so that it is no longer a path than that; Node removes it by this name when it closes.
  const beside = path.replace(/sock$/, randomBytes(2).toString('hex'))
  try {
    await rm(beside, { force: true })
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, arrived)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ path: beside, backlog: 4096 }, resolve)
    })
    server.on('error', () => undefined)
    await chmod(beside, 0o600)
    const { ino } = await stat(beside)
    await rename(beside, path)
    return { server, inode: ino }
  } catch (error) {
    throw new SlipwayError('HOLD_FAILED', 'Requests could not be held', {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
}

/** By now the next deployment's hold may listen under the same name. */
async function removeOwn(path: string, inode: number): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found?.ino === inode) await rm(path, { force: true }).catch(() => undefined)
}

/**
 * Sockets of a process that died in a hold: nobody listens on them any more. Those not yet renamed may be somebody's who
 * is about to listen; only under the environment's lock it is known that there is nobody.
 */
async function removeDead(directory: string, names: RegExp): Promise<void> {
  for (const name of await readdir(directory).catch((): string[] => [])) {
    if (!names.test(name)) continue
    const path = join(directory, name)
    if (await isDead(path)) await rm(path, { force: true }).catch(() => undefined)
  }
}

function isDead(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('error', error => resolve(errorCode(error) === 'ECONNREFUSED'))
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
  })
}
