// A web service: routes as a table, a health that asks the database, and an end that finishes what is under way.
import { createServer } from 'node:http'
import { pool } from './database.mjs'
import { version } from './version.mjs'

/** routes: { 'GET /path': async ({ id, body }) => value or [status, value] }; `:id` at the end of a path is a UUID. */
export function serve(service, routes, health = databaseAnswers) {
  const all = { 'GET /health': health, ...routes }
  const server = createServer(async (request, response) => {
    try {
      const [status, value] = await answer(all, request)
      reply(response, status, { service, version, ...value })
    } catch (error) {
      console.error(error)
      reply(response, 500, { service, version, error: 'see the log' })
    }
  })
  server.keepAliveTimeout = 75_000
  server.listen(Number(process.env.PORT ?? 3000), '0.0.0.0', () => console.log(`${service} ${version} listens`))
  process.once('SIGTERM', () => {
    server.close(() => process.exit(0))
    setInterval(() => server.closeIdleConnections(), 100).unref()
  })
}

async function answer(routes, request) {
  const { pathname } = new URL(request.url, 'http://service')
  const id = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.exec(pathname)?.[0]
  const route = routes[`${request.method} ${id === undefined ? pathname : pathname.replace(id, ':id')}`]
  if (route === undefined) return [404, { error: 'no such page' }]
  const value = await route({ id, body: await bodyOf(request) })
  return Array.isArray(value) ? value : [200, value]
}

async function bodyOf(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

function reply(response, status, { list, ...value }) {
  const text = JSON.stringify(list ?? value)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

async function databaseAnswers() {
  await pool.query('SELECT 1')
  return { status: 'ok' }
}
