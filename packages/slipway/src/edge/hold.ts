import { mkdir, rm, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReleaseId } from '../release/model.ts'
import { listen, removeDead, removeOwn, type Listening } from './hold-sockets.ts'
import { holdName, type EdgeLayout } from './layout.ts'
import { readLive } from './link.ts'
import { pace } from './pace.ts'
import { relay, turnAway, type Place, type Relayed } from './relay.ts'

/**
 * The sockets on which requests wait: connections are accepted here and not read, so that each request stays where
 * it is, whole, in the front and the kernel. They wait as long as this process lives: a deployment has its guardian
 * keep the room (kept-room.ts), so that they outlive the deployment.
 */
export function waitingRoom(layout: EdgeLayout, project: string, bounds = usualBounds): WaitingRoom {
  const holding = layout.door(project, holdName)
  const servers = new Map<string, Listening>()
  const open = new Set<Socket>()
  const lanes = new Map<string, Lane>()
  /** To whom connections are handed; undefined while they wait. */
  let destination: ReleaseId | undefined
  let closing: NodeJS.Timeout | undefined
  let closed: Promise<void> = Promise.resolve()
  /** Handed over, and not yet answered in full. */
  let underWay = 0

  function arrived(service: string, socket: Socket): void {
    track(socket)
    if (destination !== undefined) void handOver(service, socket, destination)
    else if (waiting().length < bounds.waiting) laneOf(service).waiting.push(socket)
    else turnAway(socket, comeAgainSeconds)
  }

  function laneOf(service: string): Lane {
    const lane = lanes.get(service) ?? { waiting: [], draining: undefined }
    lanes.set(service, lane)
    return lane
  }

  function waiting(): Socket[] {
    return [...lanes.values()].flatMap(lane => lane.waiting)
  }

  function handOver(service: string, socket: Socket, release: ReleaseId): Promise<Relayed> {
    underWay += 1
    socket.once('close', () => (underWay -= 1))
    return relay(socket, () => whereTo(service, release), track)
  }

  /** By the time that it is somebody's turn, another release may serve, or the next hold keep the requests. */
  async function whereTo(service: string, release: ReleaseId): Promise<Place> {
    const live = await readLive(layout, project)
    if (live !== 'held') return { path: layout.door(project, live ?? release).socket(service), awaited: false }
    // Another process holds: here nobody is to come any more, least of all from here.
    if (destination !== undefined) await closeServers()
    return { path: holding.socket(service), awaited: true }
  }

  function track(socket: Socket): void {
    open.add(socket)
    // Whoever reads it later says what an error means; until then it must only not end this process.
    socket.on('error', () => undefined)
    socket.once('close', () => open.delete(socket))
  }

  function closeServers(): Promise<void> {
    clearTimeout(closing)
    closing = undefined
    const those = [...servers]
    servers.clear()
    closed = closed.then(async () => {
      let areOurs = false
      for (const [service, listening] of those) {
        listening.server.close()
        if (await removeOwn(holding.socket(service), listening)) areOurs = true
      }
      if (areOurs) await rm(holding.held, { force: true }).catch(() => undefined)
    })
    return closed
  }

  return {
    async open(services) {
      clearTimeout(closing)
      closing = undefined
      destination = undefined
      await closed
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
      clearTimeout(closing)
      const areDraining = [...lanes.values()].some(({ draining }) => draining !== undefined)
      // A connection that found the old link is here by now, or will be at once.
      if (servers.size > 0) closing = setTimeout(() => void closeServers(), lateArrivalsMs)
      else if (!areDraining) await removeDead(holding.directory, /./)
      const handed = [...lanes].map(([service, lane]) => {
        lane.draining ??= drain(service, lane).finally(() => (lane.draining = undefined))
        return lane.draining
      })
      await Promise.race([Promise.all(handed), sleep(handedWithinMs, undefined, { ref: false })])
    },
    count: () => waiting().filter(socket => !socket.destroyed).length,
    async close(limitMs) {
      const deadline = performance.now() + limitMs
      while (open.size > 0 && performance.now() < deadline) await sleep(20)
      const left = waiting()
      for (const socket of left) turnAway(socket, comeAgainSeconds)
      if (left.length > 0) await sleep(lastWordsMs)
      for (const socket of open) socket.destroy()
      await closeServers()
      await removeDead(holding.directory, /\.sock$/)
    },
  }

  async function drain(service: string, lane: Lane): Promise<void> {
    const paced = pace()
    let atMost = bounds.underWay
    for (;;) {
      if (!(await roomAtTheDoor(atMost))) atMost += bounds.moreThen
      const turn = await paced.turn()
      const socket = destination === undefined ? undefined : lane.waiting.shift()
      if (socket === undefined || destination === undefined) return turn.dropped()
      if (socket.destroyed) turn.dropped()
      else void handOver(service, socket, destination).then(relayed => turn[relayed]())
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

/** For whom no room is left, or no time. */
const comeAgainSeconds = 5

export interface WaitingRoom {
  /** Safe to repeat, also after an earlier process died here. */
  open(services: readonly string[]): Promise<void>
  /**
   * Hands over who waits, as quickly as the app takes it, and from then on whoever still arrives. Resolves when all were
   * handed over, or when that takes longer; it goes on then.
   */
  handTo(release: ReleaseId): Promise<void>
  count(): number
  /** Gives what was handed over a while to end, and ends it; who still waits is told to come again. */
  close(limitMs: number): Promise<void>
}

/** Those of one service: another one may be quicker, or not be there. */
interface Lane {
  waiting: Socket[]
  draining: Promise<void> | undefined
}

/**
 * Whoever waited is connected through the process that kept the room, until the answer ends. Cut off there, a WebSocket
 * would end without a close frame; its door sends one when the release is put away.
 */
export const longestAnswersMs = 24 * 3600_000

const lateArrivalsMs = 1000

/** Until those who can wait no longer have read so. */
const lastWordsMs = 100

/** Those who come now need not wait for all who waited: the deployment goes on. */
const handedWithinMs = 2000
