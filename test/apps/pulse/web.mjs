import { createServer } from 'node:http'
import { column, pool, version } from './database.mjs'

const routes = {
  'GET /health': async () => {
    await pool.query(`SELECT ${column} FROM notes LIMIT 0`)
    return { status: 'ok', version }
  },
  'GET /ids': async () => (await pool.query('SELECT id FROM notes')).rows.map(({ id }) => id),
  'POST /notes': async ({ id }) => {
    await pool.query(`INSERT INTO notes (id, ${column}) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [id, version])
    return { id, version }
  },
}

const server = createServer(async (request, response) => {
  const answer = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  }
  try {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const route = routes[`${request.method} ${request.url}`]
    if (route === undefined) return answer(404, { error: 'no such page' })
    return answer(
      200,
      await route(chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'))),
    )
  } catch (error) {
    console.error(error.message)
    return answer(500, { error: error.message, version })
  }
})
server.listen(3000, '0.0.0.0', () => console.log(`web ${version} listens`))
process.once('SIGTERM', () => server.close(() => process.exit(0)))
