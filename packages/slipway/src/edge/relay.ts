import { connect, type Socket } from 'node:net'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'

/**
 * Hands a connection that waited unread to a socket, byte for byte in both directions. Resolves when the other side begins
 * to answer, or when it is clear that it will not, or that nothing was asked: the bytes flow on. Never rejects.
 */
export async function relay(
  waiting: Socket,
  to: () => Promise<string>,
  track: (socket: Socket) => void,
): Promise<Relayed> {
  waiting.on('error', () => waiting.destroy())
  const begun = await firstBytes(waiting)
  // Who asked has given up: the app need not do it any more.
  if (begun === undefined) {
    waiting.destroy()
    return 'not-answered'
  }
  const door = await dial(to)
  if (door === undefined) {
    waiting.end(notThere)
    return 'not-answered'
  }
  track(door)
  // What it said before it broke off is still said.
  door.on('error', () => waiting.destroySoon())
  waiting.on('close', () => door.destroy())
  door.on('close', () => waiting.destroySoon())
  door.write(begun)
  // `pipe` passes the end of each direction on and leaves the other open.
  waiting.pipe(door)
  door.pipe(waiting)
  if (begun.length === 0) return 'not-answered'
  return new Promise(resolve => {
    door.once('data', () => resolve('answered')).once('close', () => resolve('not-answered'))
  })
}

export type Relayed = 'answered' | 'not-answered'

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

async function dial(to: () => Promise<string>): Promise<Socket | undefined> {
  // A door whose queue of new connections is full refuses for a moment.
  for (let attempt = 0; attempt < 10; attempt++) {
    const socket = connect({ path: await to(), allowHalfOpen: true })
    const connected = await new Promise<boolean>(resolve => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    if (connected) return socket
    await sleep(50)
  }
  return undefined
}

/** Who has said nothing by then says it later, if ever. */
const silenceMs = 50

const notThere =
  'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n\r\nPlease try again\n'
