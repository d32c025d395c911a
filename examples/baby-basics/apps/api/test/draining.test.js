import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { migrate, ownDatabase, query } from './support/database.js'

const main = fileURLToPath(new URL('../src/main.js', import.meta.url))

async function freePort() {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

async function startServer(t, environment = {}) {
  const url = await ownDatabase(t)
  await migrate(t, url)
  const port = await freePort()
  const env = { ...process.env, DATABASE_URL: url, PORT: String(port), LOG_LEVEL: 'warn', ...environment }
  const child = spawn(process.execPath, [main], { env, stdio: 'inherit' })
  t.after(() => child.kill('SIGKILL'))
  const address = `http://127.0.0.1:${port}/api/v1`
  while (!(await fetch(`${address}/health`).catch(() => {}))?.ok) await sleep(20)
  return { child, address, url }
}

function request(address, agent) {
  return new Promise((resolve, reject) =>
    get(address, { agent }, answer => {
      let body = ''
      answer.on('data', chunk => (body += chunk)).on('end', () => resolve({ status: answer.statusCode, body }))
      answer.on('error', reject)
    }).on('error', reject),
  )
}

async function stop(child) {
  const start = performance.now()
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  return { code, took: performance.now() - start }
}

test('without requests in flight SIGTERM ends the process at once, with 0', async t => {
  const { child } = await startServer(t)
  const { code, took } = await stop(child)
  assert.equal(code, 0)
  assert.ok(took < 1_000, `took ${took} ms`)
})

test('requests in flight are finished, also on kept-alive connections, then the process ends with 0', async t => {
  const { child, address } = await startServer(t)
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const slow = request(`${address}/slow?ms=1000`, agent)
  const stream = request(`${address}/stream?seconds=2`, agent)
  await sleep(200)
  const { code, took } = await stop(child)
  assert.equal((await slow).status, 200)
  assert.match((await stream).body, /event: end/)
  assert.equal(code, 0)
  assert.ok(took < 3_000, `took ${took} ms`)
})

test('a write that waits for the database when SIGTERM comes is still stored', async t => {
  const { child, address, url } = await startServer(t)
  const locked = query(url, 'BEGIN; LOCK TABLE feedings; SELECT pg_sleep(1); COMMIT')
  await sleep(200)
  const body = JSON.stringify({ id: randomUUID(), babyName: 'Ada', amountMl: 120 })
  const write = fetch(`${address}/feedings`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  await sleep(200)
  const { code } = await stop(child)
  assert.equal((await write).status, 201)
  assert.equal(code, 0)
  await locked
})

test('a request that takes longer than DRAIN_SECONDS does not hold the exit up', async t => {
  const { child, address } = await startServer(t, { DRAIN_SECONDS: '1' })
  const slow = request(`${address}/slow?ms=20000`).catch(error => error)
  await sleep(200)
  const { code, took } = await stop(child)
  assert.equal(code, 0)
  assert.ok(took < 2_000, `took ${took} ms`)
  assert.ok((await slow) instanceof Error)
})
