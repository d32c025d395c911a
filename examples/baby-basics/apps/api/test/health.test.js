import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { build } from '../src/app.js'
import { ownDatabase } from './support/database.js'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

function start(t, databaseUrl) {
  const app = build({ databaseUrl, logLevel: 'silent' })
  t.after(() => app.close())
  return app
}

async function askHealth(app) {
  const start = performance.now()
  const answer = await app.inject('/api/v1/health')
  return { answer, took: performance.now() - start }
}

function assertExactly(answer, code, status, db) {
  const { timestamp } = answer.json()
  assert.equal(new Date(timestamp).toISOString(), timestamp)
  assert.equal(answer.body, JSON.stringify({ status, timestamp, version, db }))
  assert.equal(answer.statusCode, code)
}

test('health is 200 with exactly the documented shape, in less than 50 ms', async t => {
  const app = start(t, await ownDatabase(t))
  await askHealth(app)
  const times = []
  for (let round = 0; round < 5; round++) {
    const { answer, took } = await askHealth(app)
    assertExactly(answer, 200, 'ok', 'connected')
    times.push(took)
  }
  assert.ok(Math.min(...times) < 50, `took ${times} ms`)
})

test('health is 503 with exactly the documented shape when the database is down', async t => {
  const { answer } = await askHealth(start(t, 'postgresql://baby:password@127.0.0.1:1/baby_basics'))
  assertExactly(answer, 503, 'degraded', 'error')
})

test('health is 503 within 1.5 s when the database accepts and never answers', async t => {
  const sockets = []
  const silent = createServer(socket => sockets.push(socket)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => sockets.forEach(socket => socket.destroy()))
  t.after(() => silent.close())
  const app = start(t, `postgresql://baby:password@127.0.0.1:${silent.address().port}/baby_basics`)
  await app.ready()
  const { answer, took } = await askHealth(app)
  assertExactly(answer, 503, 'degraded', 'error')
  assert.ok(took < 1_500, `took ${took} ms`)
})
