import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { build } from '../src/app.js'
import { migrate, ownDatabase } from './support/database.js'

async function start(t) {
  const databaseUrl = await ownDatabase(t)
  assert.equal((await migrate(t, databaseUrl)).code, 0)
  const app = build({ databaseUrl, logLevel: 'silent' })
  t.after(() => app.close())
  return {
    get: path => app.inject(`/api/v1/feedings${path}`),
    post: payload => app.inject({ method: 'POST', url: '/api/v1/feedings', payload }),
  }
}

test('a feeding is stored once, however often it is sent', async t => {
  const { get, post } = await start(t)
  const sent = { id: randomUUID(), babyName: 'Ada', amountMl: 120 }
  const first = await post(sent)
  const { createdAt, ...stored } = first.json()
  assert.equal(first.statusCode, 201)
  assert.deepEqual({ ...stored, ...sent }, stored)
  assert.ok(Date.parse(createdAt))

  const codes = (await Promise.all(Array.from({ length: 5 }, () => post(sent)))).map(answer => answer.statusCode)
  assert.deepEqual(codes, [200, 200, 200, 200, 200])

  const read = await get(`/${sent.id}`)
  assert.equal(read.statusCode, 200)
  assert.deepEqual(read.json(), first.json())
  assert.deepEqual((await get('')).json(), [first.json()])
  assert.deepEqual((await get('/ids')).json(), [sent.id])
})

test('what is not a feeding is refused with 400, as JSON', async t => {
  const { get, post } = await start(t)
  const good = { id: randomUUID(), babyName: 'Ada', amountMl: 120 }
  const bad = [
    {},
    { ...good, id: 'one' },
    { ...good, babyName: '' },
    { ...good, amountMl: 0 },
    { ...good, amountMl: 'much' },
  ]
  for (const payload of bad) {
    const answer = await post(payload)
    assert.equal(answer.statusCode, 400, JSON.stringify(payload))
    assert.equal(answer.json().error, 'Bad Request')
  }
  assert.equal((await get('/not-a-uuid')).statusCode, 400)
  assert.deepEqual((await get('/ids')).json(), [])
})

test('an unknown feeding is 404', async t => {
  const { get } = await start(t)
  assert.equal((await get(`/${randomUUID()}`)).statusCode, 404)
})

test('an error of the database is 500 and keeps its details to the log', async t => {
  const app = build({ databaseUrl: await ownDatabase(t), logLevel: 'silent' })
  t.after(() => app.close())
  const answer = await app.inject('/api/v1/feedings')
  assert.equal(answer.statusCode, 500)
  assert.equal(answer.json().message, 'The log says why.')
})
