import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/** A WebSocket client by hand: one short text at a time. */
export async function openWebSocket(port: number): Promise<TestWebSocket> {
  const socket = connect(port, '127.0.0.1')
  const key = randomBytes(16).toString('base64')
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  )
  const head = (await nextBytes(socket)).toString('latin1')
  if (!head.startsWith('HTTP/1.1 101')) throw new Error(head)
  let closeFrame: Buffer | undefined
  let heard: ((text: string) => void) | undefined
  let rest = Buffer.alloc(0)
  socket.on('error', () => undefined)
  socket.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes])
    for (let frame = shortFrame(rest); frame !== undefined; frame = shortFrame(rest)) {
      rest = rest.subarray(frame.length)
      if (((frame[0] ?? 0) & 15) === 8) closeFrame = frame
      else heard?.(frame.subarray(2).toString())
    }
  })
  const closed = new Promise<Buffer | undefined>(resolve => socket.once('close', () => resolve(closeFrame)))
  return {
    closed,
    echo(text) {
      const mask = randomBytes(4)
      const masked = Buffer.from(text).map((byte, index) => byte ^ (mask[index % 4] ?? 0))
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | masked.length]), mask, masked]))
      return Promise.race([
        new Promise<string>(resolve => (heard = resolve)),
        closed.then(() => Promise.reject(new Error('the WebSocket was closed'))),
      ])
    },
    end: () => void socket.destroy(),
  }
}

/** 1001: going away. */
export const goingAway = Buffer.from([0x88, 2, 0x03, 0xe9])

export interface TestWebSocket {
  /** What comes back. */
  echo(text: string): Promise<string>
  /** The close frame, if there was one. */
  closed: Promise<Buffer | undefined>
  end(): void
}

/** The first whole frame; undefined: not there yet. */
function shortFrame(bytes: Buffer): Buffer | undefined {
  const length = 2 + ((bytes[1] ?? 0) & 127)
  return bytes.length < 2 || bytes.length < length ? undefined : bytes.subarray(0, length)
}

function nextBytes(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('data', resolve)
    socket.once('error', reject)
  })
}
