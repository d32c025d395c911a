import { createHash, randomBytes } from 'node:crypto'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { goingAway, openWebSocket, type TestWebSocket } from './edge/websocket.ts'

/**
 * One of everything that takes long, begun now: an upload of 10 MB, a request that is answered late, a download that
 * trickles, an event stream and a WebSocket that talks without a pause. All go through the app `queue`.
 */
export async function beginLongRequests(port: number, seconds: number): Promise<UnderWay> {
  const upload = uploadSlowly(port, seconds)
  const slow = answered(ask(port, 'GET', `/slow?ms=${seconds * 1000}&id=${randomBytes(4).toString('hex')}`))
  const stream = answered(ask(port, 'GET', `/stream?ms=${(seconds * 1000) / 2}`))
  const socket = talk(await openWebSocket(port))
  const events = await listen(port)
  return { upload, slow, stream, socket, events }
}

export interface UnderWay {
  upload: Promise<{ sent: string; answer: Answer }>
  slow: Promise<Answer>
  stream: Promise<Answer>
  socket: Conversation
  events: { state(): 'open' | 'ended properly' | 'cut'; end(): void }
}

export interface Answer {
  status: number
  text: string
  milliseconds: number
  endedAt: number
}

export interface Conversation {
  echoes(): number
  /** `open`, or how it ended. */
  state(): 'open' | 'close frame 1001' | 'without a close frame'
  /** Answers that were not the echo of what was said. */
  wrong(): string[]
  end(): void
}

const size = 10_000_000

async function uploadSlowly(port: number, seconds: number): Promise<{ sent: string; answer: Answer }> {
  const bytes = randomBytes(size)
  const asked = ask(port, 'POST', '/upload', { 'content-length': size })
  const answer = answered(asked)
  const pieces = seconds * 5
  for (let piece = 0; piece < pieces; piece++) {
    asked.write(bytes.subarray((size / pieces) * piece, (size / pieces) * (piece + 1)))
    await pause(200)
  }
  asked.end()
  return { sent: createHash('sha256').update(bytes).digest('hex'), answer: await answer }
}

function talk(socket: TestWebSocket): Conversation {
  let echoes = 0
  let ended = false
  let state: ReturnType<Conversation['state']> = 'open'
  const wrong: string[] = []
  void socket.closed.then(frame => {
    state = frame?.equals(goingAway) === true ? 'close frame 1001' : 'without a close frame'
  })
  const loop = async () => {
    for (let number = 0; state === 'open' && !ended; number++) {
      const echo = await socket.echo(`${number}`).catch(() => undefined)
      if (echo === undefined) return
      echoes++
      if (!echo.endsWith(`:${number}`)) wrong.push(echo)
      await pause(20)
    }
  }
  void loop()
  return {
    echoes: () => echoes,
    state: () => state,
    wrong: () => wrong,
    end() {
      ended = true
      socket.end()
    },
  }
}

async function listen(port: number): Promise<UnderWay['events']> {
  const asked = ask(port, 'GET', '/events', { accept: 'text/event-stream' })
  let state: ReturnType<UnderWay['events']['state']> = 'open'
  asked.end()
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve).once('error', reject)
  })
  asked.on('error', () => undefined)
  answer.resume()
  answer.once('end', () => (state = 'ended properly'))
  answer.once('error', () => (state = 'cut'))
  return { state: () => state, end: () => void asked.destroy() }
}

function ask(port: number, method: string, path: string, headers: Record<string, string | number> = {}): ClientRequest {
  const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false })
  if (method === 'GET' && path !== '/events') asked.end()
  return asked
}

function answered(asked: ClientRequest): Promise<Answer> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    asked.once('error', reject)
    asked.once('response', answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', (more: string) => (text += more))
      answer.once('error', reject)
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, text, milliseconds: performance.now() - began, endedAt: Date.now() }),
      )
    })
  })
}
