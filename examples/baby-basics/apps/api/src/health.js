import { setTimeout as sleep } from 'node:timers/promises'

const patience = 1_000
const text = { type: 'string' }
const shape = { type: 'object', properties: { status: text, timestamp: text, version: text, db: text } }
const schema = { response: { 200: shape, 503: shape } }

export async function health(app, { database, version }) {
  let asking

  // Callers share one question: probing a database that hangs must not use up the pool.
  function databaseAnswers() {
    asking ??= Promise.race([
      database.$queryRaw`SELECT 1`.then(() => true).catch(() => false),
      sleep(patience, false, { ref: false }),
    ]).finally(() => (asking = undefined))
    return asking
  }

  app.get('/health', { schema, logLevel: 'warn' }, async (_request, reply) => {
    const connected = await databaseAnswers()
    reply.code(connected ? 200 : 503)
    return {
      status: connected ? 'ok' : 'degraded',
      timestamp: new Date().toISOString(),
      version,
      db: connected ? 'connected' : 'error',
    }
  })

  // Connecting now makes the first health check as quick as the others.
  app.addHook('onReady', async () => void databaseAnswers())
}
