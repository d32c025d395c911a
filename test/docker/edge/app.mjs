// The app that the edge's tests deploy: says which release answered, is slow or streams on demand, echoes WebSockets.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { hostname } from 'node:os'

const release = process.env.RELEASE ?? 'none'
const asked = {}

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://app')
  const milliseconds = Number(url.searchParams.get('ms') ?? '0')
  if (url.pathname === '/asked') return response.end(JSON.stringify(asked))
  asked[request.url] = (asked[request.url] ?? 0) + 1
  if (url.pathname === '/stream') return stream(response, milliseconds)
  if (url.pathname === '/early') return response.writeHead(413).end('too large')
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of request) {
    hash.update(chunk)
    bytes += chunk.length
  }
  if (url.pathname === '/slow') await new Promise(resolve => setTimeout(resolve, milliseconds))
  if (url.pathname === '/work') for (const endsAt = performance.now() + milliseconds; performance.now() < endsAt; );
  if (url.pathname === '/never') return
  if (url.pathname === '/drop') return request.socket.destroy()
  const status = Number(url.searchParams.get('status') ?? '200')
  response.writeHead(status, { 'content-type': 'application/json', server: 'the-app' })
  response.end(
    JSON.stringify({
      release,
      host: hostname(),
      method: request.method,
      url: request.url,
      headers: request.headers,
      bytes,
      sha256: hash.digest('hex'),
    }),
  )
})

function stream(response, milliseconds) {
  const began = Date.now()
  response.writeHead(200, { 'content-type': 'text/plain' })
  const timer = setInterval(() => {
    response.write(`${release} ${Date.now() - began}\n`)
    if (Date.now() - began < milliseconds) return
    clearInterval(timer)
    response.end(`${release} end\n`)
  }, 50)
  response.on('close', () => clearInterval(timer))
}

server.on('upgrade', (request, socket) => {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(key).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.on('error', () => socket.destroy())
  socket.on('data', frame => {
    const length = frame[1] & 127
    const mask = frame.subarray(2, 6)
    const text = Buffer.from(frame.subarray(6, 6 + length).map((byte, index) => byte ^ mask[index % 4]))
    if ((frame[0] & 15) === 8) return socket.end(Buffer.from([0x88, 0]))
    const answer = Buffer.concat([Buffer.from(`${release}:`), text])
    socket.write(Buffer.concat([Buffer.from([0x81, answer.length]), answer]))
  })
})

server.listen(3000, '0.0.0.0')
process.on('SIGTERM', () => process.exit(0))
