import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { SlipwayError } from '../support/errors.ts'
import { holdName, type EdgeLayout } from './layout.ts'
import { relay } from './relay.ts'

/**
 * The sockets on which requests wait: connections are accepted here and not read, so that each request stays where
 * it is, whole, in the front and the kernel. Should this process die in a hold, the sockets refuse and the front
 * answers 503 until the next run lets go; only a process that outlives this one could keep them waiting.
 */
export function waitingRoom(layout: EdgeLayout, project: string): WaitingRoom {
  const servers = new Map<string, Server>()
  const open = new Set<Socket>()
  let waiting: Arrival[] = []
  /** Where to hand connections; undefined while they wait. */
  let destination: ((service: string) => string) | undefined
  let closing: NodeJS.Timeout | undefined

  function arrived(service: string, socket: Socket): void {
    track(socket)
    if (destination === undefined) waiting.push({ service, socket })
    else void relay(socket, destination(service), track)
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
    for (const [service, server] of servers) {
      servers.delete(service)
      server.close()
      await rm(layout.door(project, holdName).socket(service), { force: true }).catch(() => undefined)
    }
  }

  return {
    async open(services) {
      clearTimeout(closing)
      closing = undefined
      destination = undefined
      await mkdir(layout.door(project, holdName).directory, { recursive: true, mode: 0o700 })
      for (const service of services) {
        if (servers.has(service)) continue
        servers.set(
          service,
          await listen(layout.door(project, holdName).socket(service), socket => arrived(service, socket)),
        )
      }
    },
    async handTo(socketOf) {
      destination = socketOf
      const queue = waiting
      waiting = []
      await Promise.all(Array.from({ length: atOnce }, () => drain(queue, socketOf)))
      // A connection that found the old link is here by now, or will be at once.
      if (servers.size > 0) closing = setTimeout(() => void closeServers(), lateArrivalsMs)
    },
    count: () => waiting.filter(({ socket }) => !socket.destroyed).length,
    async close(limitMs) {
      const deadline = Date.now() + limitMs
      while (open.size > 0 && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 20))
      for (const socket of open) socket.destroy()
      await closeServers()
    },
  }

  async function drain(queue: Arrival[], socketOf: (service: string) => string): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await relay(next.socket, socketOf(next.service), track)
    }
  }
}

export interface WaitingRoom {
  /** Safe to repeat, also after an earlier process died here. */
  open(services: readonly string[]): Promise<void>
  /** Hands over who waits, and from then on whoever still arrives. Resolves when all were handed over. */
  handTo(socketOf: (service: string) => string): Promise<void>
  count(): number
  /** Gives what was handed over a while to end, and ends it. */
  close(limitMs: number): Promise<void>
}

interface Arrival {
  service: string
  socket: Socket
}

/** All at once would overrun the app's queue of new connections, and it would refuse some. */
const atOnce = 128

const lateArrivalsMs = 1000

/** Binds beside and renames over: whatever a dead process left there is replaced without a gap. */
async function listen(path: string, arrived: (socket: Socket) => void): Promise<Server> {
  const beside = path.replace(/\.sock$/, '.new')
  try {
    await rm(beside, { force: true })
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, arrived)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ path: beside, backlog: 4096 }, resolve)
    })
    server.on('error', () => undefined)
    await chmod(beside, 0o600)
    await rename(beside, path)
    return server
  } catch (error) {
    throw new SlipwayError('HOLD_FAILED', 'Requests could not be held', {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
}
