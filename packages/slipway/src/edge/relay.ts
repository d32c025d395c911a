import { connect, type Socket } from 'node:net'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'

/**
 * Hands a connection that waited unread to a socket, byte for byte in both directions. Resolves when the other side begins
 * to answer, or when it is clear that it will not, or that nothing was asked: the bytes flow on. Never rejects.
 */
export async function relay(
  waiting: Socket,
  whereTo: () => Promise<Place>,
  track: (socket: Socket) => void,
): Promise<Relayed> {
  waiting.on('error', () => waiting.destroy())
  const begun = await firstBytes(waiting)
  // Who asked has given up: the app need not do it any more.
  if (begun === undefined) {
    waiting.destroy()
    return 'dropped'
  }
  const door = await dial(waiting, whereTo)
  if (door === undefined) {
    turnAway(waiting, 1)
    return 'dropped'
  }
  track(door)
  // What it said before it broke off is still said.
  door.on('error', () => waiting.destroySoon())
  let isGone = false
  waiting.on('close', () => {
    isGone = true
    door.destroy()
  })
  door.on('close', () => waiting.destroySoon())
  door.write(begun)
  // `pipe` passes the end of each direction on and leaves the other open.
  waiting.pipe(door)
  door.pipe(waiting)
  if (begun.length === 0) return 'dropped'
  return new Promise(resolve => {
    door
      .once('data', (chunk: Buffer) => resolve(judged(chunk)))
      .once('close', () => resolve(isGone ? 'dropped' : 'failed'))
  })
}

export type Relayed = 'answered' | 'failed' | 'dropped'

/** `awaited`: somebody will listen there soon, or the link will lead elsewhere. */
export interface Place {
  path: string
  awaited: boolean
}

/** Tells it to come again after so many seconds. What it asks is read and forgotten, or the close would take the answer back. */
export function turnAway(waiting: Socket, seconds: number): void {
  waiting.end(
    `HTTP/1.1 503 Service Unavailable\r\nRetry-After: ${seconds}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n\r\nPlease try again\n`,
  )
  waiting.resume()
  setTimeout(() => waiting.destroy(), 5000).unref()
}

/** An app that has too much to do may say so, and quickly. */
function judged(chunk: Buffer): Relayed {
  const [, kind] = /^HTTP\/1\.[01] ([1-5])\d\d/.exec(chunk.toString('latin1', 0, 12)) ?? []
  if (kind === '1') return 'dropped'
  return kind === '5' ? 'failed' : 'answered'
}

/** What has arrived while it waited, perhaps nothing yet; undefined when the other end is gone. */
async function firstBytes(socket: Socket): Promise<Buffer | undefined> {
  const arrived = new Promise<void>(resolve => {
    socket.once('readable', resolve).once('end', resolve).once('close', resolve)
    // A connection paused at its accept begins to read only when it is told to.
    socket.read(0)
  })
  await Promise.race([arrived, sleep(silenceMs)])
  const chunks: Buffer[] = []
  // The end lies behind the bytes: Node may need another turn of its loop to see it.
  for (let turn = 0; turn < turnsForTheEnd; turn++) {
    for (let chunk = read(socket); chunk !== undefined; chunk = read(socket)) chunks.push(chunk)
    await setImmediate()
  }
  if (socket.readableEnded || socket.destroyed) return undefined
  return Buffer.concat(chunks)
}

const turnsForTheEnd = 3

function read(socket: Socket): Buffer | undefined {
  const chunk: unknown = socket.read()
  return chunk instanceof Buffer ? chunk : undefined
}

/** A door whose queue of new connections is full refuses for a moment. */
async function dial(waiting: Socket, whereTo: () => Promise<Place>): Promise<Socket | undefined> {
  const startedAt = performance.now()
  for (;;) {
    const place = await whereTo().catch(() => undefined)
    const socket = place === undefined ? undefined : await connected(place.path)
    if (socket !== undefined && !waiting.destroyed) return socket
    socket?.destroy()
    const limitMs = place?.awaited === true ? awaitedMs : momentMs
    if (waiting.destroyed || performance.now() - startedAt >= limitMs) return undefined
    await sleep(50)
  }
}

function connected(path: string): Promise<Socket | undefined> {
  const socket = connect({ path, allowHalfOpen: true })
  return new Promise(resolve => {
    socket.once('connect', () => resolve(socket)).once('error', () => resolve(undefined))
  })
}

const momentMs = 500

/** As long as the front itself has requests wait for somebody who comes to end a hold. */
const awaitedMs = 30_000

/** Who has said nothing by then says it later, if ever. */
const silenceMs = 50
