import { mkdir, rm, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReleaseId } from '../release/model.ts'
import { listen, removeDead, removeOwn, type Listening } from './hold-sockets.ts'
import { holdName, type EdgeLayout } from './layout.ts'
import { readLive } from './link.ts'
import { pace } from './pace.ts'
import { relay, type Relayed } from './relay.ts'

/**
 * The sockets on which requests wait: connections are accepted here and not read, so that each request stays where
 * it is, whole, in the front and the kernel. They wait as long as this process lives: a deployment has its guardian
 * keep the room (kept-room.ts), so that they outlive the deployment.
 */
export function waitingRoom(layout: EdgeLayout, project: string, bounds = usualBounds): WaitingRoom {
  const holding = layout.door(project, holdName)
  const servers = new Map<string, Listening>()
  const open = new Set<Socket>()
  const waiting: Arrival[] = []
  /** To whom connections are handed; undefined while they wait. */
  let destination: ReleaseId | undefined
  let draining: Promise<void> | undefined
  let closing: NodeJS.Timeout | undefined
  /** Handed over, and not yet answered in full. */
  let underWay = 0

  function arrived(service: string, socket: Socket): void {
    track(socket)
    if (destination !== undefined) void handOver({ service, socket }, destination)
    else if (waiting.length < bounds.waiting) waiting.push({ service, socket })
    else turnAway(socket)
  }

  function handOver({ service, socket }: Arrival, release: ReleaseId): Promise<Relayed> {
    underWay += 1
    socket.once('close', () => (underWay -= 1))
    return relay(socket, () => whereTo(service, release), track)
  }

  /** By the time that it is somebody's turn, another release may serve, or the next hold keep the requests. */
  async function whereTo(service: string, release: ReleaseId): Promise<string> {
    const live = await readLive(layout, project).catch(() => undefined)
    return layout.door(project, live === 'held' ? holdName : (live ?? release)).socket(service)
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
    let areOurs = false
    for (const [service, listening] of servers) {
      servers.delete(service)
      listening.server.close()
      if (await removeOwn(holding.socket(service), listening)) areOurs = true
    }
    if (areOurs) await rm(holding.held, { force: true }).catch(() => undefined)
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
      destination = release
      // A connection that found the old link is here by now, or will be at once.
      clearTimeout(closing)
      if (servers.size > 0) closing = setTimeout(() => void closeServers(), lateArrivalsMs)
      else await removeDead(holding.directory, /./)
      draining ??= drain().finally(() => (draining = undefined))
      await Promise.race([draining, sleep(handedWithinMs, undefined, { ref: false })])
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

  async function drain(): Promise<void> {
    const paced = pace()
    let atMost = bounds.underWay
    for (;;) {
      if (!(await roomAtTheDoor(atMost))) atMost += bounds.moreThen
      const turn = await paced.turn()
      const next = destination === undefined ? undefined : waiting.shift()
      if (next === undefined || destination === undefined) return turn.end()
      if (next.socket.destroyed) turn.end()
      else void handOver(next, destination).then(relayed => (relayed === 'answered' ? turn.answered() : turn.end()))
    }
  }

  /** Never waits for long: answers that take their time, such as streams, must not keep the others waiting. */
  async function roomAtTheDoor(atMost: number): Promise<boolean> {
    const endsAt = performance.now() + bounds.patienceMs
    while (underWay >= atMost && performance.now() < endsAt) await sleep(10)
    return underWay < atMost
  }
}

export interface Bounds {
  /** More are told at once to come again. */
  waiting: number
  /** Handed over at a time; the others have to wait for an answer, or for the patience to be over: then so many more go. */
  underWay: number
  moreThen: number
  patienceMs: number
}

/**
 * As the memory of front and door allows it: a request that waits takes some 60 kB of the front, more with TLS; one that is
 * handed over takes 65 kB of the door until it is answered.
 */
const usualBounds: Bounds = { waiting: 4096, underWay: 1024, moreThen: 128, patienceMs: 1000 }

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
  /**
   * Hands over who waits, as quickly as the app takes it, and from then on whoever still arrives. Resolves when all were
   * handed over, or when that takes longer; it goes on then.
   */
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

const lateArrivalsMs = 1000

/** Those who come now need not wait for all who waited: the deployment goes on. */
const handedWithinMs = 2000
