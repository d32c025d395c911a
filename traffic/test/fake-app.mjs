// An app that fails in known ways. `misbehave(request, response, body)` returns true when it has dealt with a request.
import { createServer } from 'node:http'

export async function fakeApp(misbehave = () => false) {
  const rows = new Set()
  const counts = { requests: 0, misbehaved: 0 }
  const server = createServer(async (request, response) => {
    counts.requests += 1
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined
    if (misbehave(request, response, body, rows) === true) {
      counts.misbehaved += 1
      return
    }
    if (request.method === 'POST') {
      rows.add(body.id)
      answer(response, 201, { id: body.id })
    } else if (request.url === '/ids') answer(response, 200, [...rows])
    else answer(response, 200, { version: 'v1', host: request.headers.host })
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    baseUrl: `http://127.0.0.1:${server.address().port}`,
    rows,
    counts,
    close() {
      server.closeAllConnections()
      return new Promise(resolve => server.close(resolve))
    },
  }
}

export function answer(response, status, value) {
  const text = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

/** Every nth request fails in the given way. */
export function everyNth(n, fail) {
  let index = 0
  return (request, response, body, rows) => {
    index += 1
    if (request.url === '/ids' || index % n !== 0) return false
    fail(request, response, body, rows)
    return true
  }
}
