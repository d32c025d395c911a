import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import { connect } from './database.js'
import { feedings } from './feedings.js'
import { health } from './health.js'
import { waiting } from './waiting.js'

export const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

export function build({ databaseUrl = process.env.DATABASE_URL, logLevel = process.env.LOG_LEVEL ?? 'info' } = {}) {
  const database = connect(databaseUrl)
  // While draining, a request on a kept-alive connection is still answered: a 503 there would be a failed request.
  const app = Fastify({ logger: { level: logLevel }, return503OnClosing: false })
  app.setErrorHandler(hideInternals)
  for (const routes of [health, feedings, waiting]) app.register(routes, { prefix: '/api/v1', database, version })
  app.addHook('onClose', () => database.$disconnect())
  return app
}

function hideInternals(error, request, reply) {
  if (error.statusCode < 500) return reply.send(error)
  request.log.error(error)
  return reply.code(500).send({ statusCode: 500, error: 'Internal Server Error', message: 'The log says why.' })
}
