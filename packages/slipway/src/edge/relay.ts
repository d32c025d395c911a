import { connect, type Socket } from 'node:net'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'

/**
 * Hands a connection that waited unread to a socket, byte for byte in both directions.
 * Resolves as soon as the other side begins to answer, or after a while: the bytes flow on. Never rejects.
 */
export async function relay(waiting: Socket, socketPath: string, track: (socket: Socket) => void): Promise<void> {
  waiting.on('error', () => waiting.destroy())
  const begun = await firstBytes(waiting)
  // Who asked has given up: the app need not do it any more.
  if (begun === undefined) return void waiting.destroy()
  const door = await dial(socketPath)
  if (door === undefined) return void waiting.end(notThere)
  track(door)
  // What it said before it broke off is still said.
  door.on('error', () => waiting.destroySoon())
  waiting.on('close', () => door.destroy())
  door.on('close', () => waiting.destroySoon())
  door.write(begun)
  // `pipe` passes the end of each direction on and leaves the other open.
  waiting.pipe(door)
  door.pipe(waiting)
  await Promise.race([new Promise(resolve => door.once('data', resolve).once('close', resolve)), sleep(patienceMs)])
}

/** What has arrived while it waited, perhaps nothing yet; undefined when the other end is gone. */
async function firstBytes(socket: Socket): Promise<Buffer | undefined> {
  const arrived = new Promise<void>(resolve => {
    socket.once('readable', resolve).once('end', resolve).once('close', resolve)
    // A connection paused at its accept begins to read only when it is told to.
    socket.read(0)
  })
  await Promise.race([arrived, sleep(patienceMs)])
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

async function dial(socketPath: string): Promise<Socket | undefined> {
  // A door whose queue of new connections is full refuses for a moment.
  for (let attempt = 0; attempt < 10; attempt++) {
    const socket = connect({ path: socketPath, allowHalfOpen: true })
    const connected = await new Promise<boolean>(resolve => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    if (connected) return socket
    await sleep(50)
  }
  return undefined
}

/** A slow request gives its turn to the next. */
const patienceMs = 50

const notThere =
  'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n\r\nPlease try again\n'
