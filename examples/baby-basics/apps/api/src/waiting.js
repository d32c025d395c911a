import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

const bounded = (name, maximum, usual) => ({
  querystring: { type: 'object', properties: { [name]: { type: 'integer', minimum: 0, maximum, default: usual } } },
})

/** Requests that take their time, to see what becomes of them when a release is replaced. */
export async function waiting(app, { version }) {
  app.get('/slow', { schema: bounded('ms', 30_000, 1_000) }, async ({ query }) => {
    await sleep(query.ms)
    return { waitedMs: query.ms, version }
  })

  app.get('/stream', { schema: bounded('seconds', 60, 5) }, ({ query }, reply) => {
    reply.header('content-type', 'text/event-stream').header('cache-control', 'no-store')
    return reply.send(Readable.from(ticks(query.seconds, version)))
  })
}

async function* ticks(seconds, version) {
  for (let tick = 0; tick < seconds * 4; tick++) {
    yield `data: ${JSON.stringify({ tick, version })}\n\n`
    await sleep(250)
  }
  yield 'event: end\ndata: {}\n\n'
}
