import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { column, pool, version } from './database.mjs'

const routes = {
  'GET /health': async () => {
    if (process.env.BAD === 'web') throw new Error('this release is bad')
    await pool.query(`SELECT ${column} FROM jobs LIMIT 0`)
    return { status: 'ok' }
  },
  'GET /ids': async () => (await pool.query('SELECT id FROM jobs')).rows.map(({ id }) => id),
  'POST /jobs': async request => {
    const { id, takes } = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString('utf8'))
    await pool.query(`INSERT INTO jobs (id, ${column}) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [id, `${takes}`])
    return { id }
  },
  // What takes long needs the database in the end.
  'POST /upload': async request => {
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of request) {
      hash.update(chunk)
      bytes += chunk.length
    }
    const sha256 = hash.digest('hex')
    await pool.query('INSERT INTO notes VALUES ($1)', [`upload ${sha256}`])
    return { bytes, sha256 }
  },
  'GET /slow': async (_request, parameters) => {
    await pause(Number(parameters.get('ms')))
    await pool.query('INSERT INTO notes VALUES ($1)', [`slow ${parameters.get('id')}`])
    return { id: parameters.get('id') }
  },
}

/** Of those that do not end by themselves. */
const events = new Set()

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://web')
  const answer = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(Array.isArray(value) ? value : { version, ...value }))
  }
  try {
    if (url.pathname === '/stream') return await stream(response, Number(url.searchParams.get('ms')))
    if (url.pathname === '/events') return tell(response)
    const route = routes[`${request.method} ${url.pathname}`]
    return route === undefined ? answer(404, {}) : answer(200, await route(request, url.searchParams))
  } catch (error) {
    console.error(error.message)
    return answer(500, { error: error.message })
  }
})

async function stream(response, milliseconds) {
  response.writeHead(200, { 'content-type': 'application/octet-stream' })
  const endsAt = performance.now() + milliseconds
  for (let line = 0; performance.now() < endsAt; line++) {
    response.write(`${line}\n`)
    await pause(50)
  }
  response.end(`end of ${version}\n`)
}

function tell(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(`data: ${version}\n\n`)
  const timer = setInterval(() => response.write(`data: ${version}\n\n`), 200)
  events.add(response)
  response.on('close', () => {
    clearInterval(timer)
    events.delete(response)
  })
}

server.on('upgrade', (request, socket) => {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(key).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.on('error', () => socket.destroy())
  socket.on('data', frame => {
    if ((frame[0] & 15) === 8) return socket.end(Buffer.from([0x88, 0]))
    const length = frame[1] & 127
    const mask = frame.subarray(2, 6)
    const text = frame.subarray(6, 6 + length).map((byte, index) => byte ^ mask[index % 4])
    const echo = Buffer.concat([Buffer.from(`${version}:`), text])
    socket.write(Buffer.concat([Buffer.from([0x81, echo.length]), echo]))
  })
})

server.listen(3000, '0.0.0.0', () => console.log(`web ${version} listens`))
process.once('SIGTERM', () => {
  for (const response of events) response.end('event: bye\n\n')
  server.close(() => process.exit(0))
})
