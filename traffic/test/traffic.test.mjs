import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { startTraffic } from '../traffic.mjs'
import { answer, everyNth, fakeApp } from './fake-app.mjs'

const reads = [{ path: '/thing', check: body => typeof body.version === 'string' }]
const writes = { path: '/things', makeBody: id => ({ id, text: 'a thing' }) }

async function drive(misbehave, { milliseconds = 500, ...options } = {}) {
  const app = await fakeApp(misbehave)
  const traffic = startTraffic({ baseUrl: app.baseUrl, rate: 200, reads, writes, ...options })
  await pause(milliseconds)
  const summary = await traffic.stop()
  return { app, traffic, summary }
}

test('counts every request of a healthy app as ok', async () => {
  const { app, traffic, summary } = await drive()
  assert.equal(summary.failed, 0)
  assert.equal(summary.outstanding, 0)
  assert.equal(summary.ok, app.counts.requests)
  assert.ok(summary.sent > 80, `${summary.sent} sent`)
  assert.deepEqual(summary.versions, { v1: summary.byKind.read.ok })
  assert.ok(Math.abs(summary.byKind.write.sent - summary.sent / 3) <= 1)
  const { acknowledged, lost, others } = await traffic.verify('/ids')
  assert.deepEqual({ acknowledged, lost, others }, { acknowledged: summary.byKind.write.ok, lost: 0, others: 0 })
  await app.close()
})

test('tells every answer with its time', async () => {
  const answers = []
  const { app, summary } = await drive(undefined, { heard: answer => answers.push(answer) })
  assert.equal(answers.length, summary.sent)
  assert.ok(answers.every(({ ok, milliseconds, dueAt }) => ok && milliseconds >= 0 && dueAt > 0))
  await app.close()
})

const failures = {
  'a reset': [(_, response) => response.socket.resetAndDestroy(), /^ECONNRESET$/],
  'a closed connection': [(_, response) => response.socket.destroy(), /^ECONNRESET$/],
  'status 502': [(_, response) => answer(response, 502, { id: 'x', version: 'v1' }), /^status 502$/],
  'status 302': [(_, response) => response.writeHead(302, { location: '/' }).end(), /^status 302$/],
  'a body cut off before its length': [
    (_, response) => {
      response.writeHead(200, { 'content-length': 500 })
      response.write('{"version":"v1"}')
      setTimeout(() => response.socket.destroy(), 20)
    },
    /^truncated body$/,
  ],
  'a chunked body without its end': [
    (_, response) => {
      response.writeHead(200)
      response.write('{"version":"v1"}')
      setTimeout(() => response.socket.destroy(), 20)
    },
    /^truncated body$/,
  ],
  'another body': [(_, response) => answer(response, 200, { hello: 'somebody else' }), /^wrong body$/],
  'an empty body': [(_, response) => response.writeHead(200).end(), /^not JSON$/],
  'a page instead of JSON': [(_, response) => response.end('<h1>Welcome</h1>'), /^not JSON$/],
  null: [(_, response) => answer(response, 200, null), /^(wrong body|the check itself failed)/],
  'no answer at all': [() => {}, /^timeout$/],
  'an answer that never ends': [
    (_, response) => {
      response.writeHead(200)
      response.write('{')
      const dripping = setInterval(() => response.write(' '), 50)
      response.on('close', () => clearInterval(dripping))
    },
    /^timeout$/,
  ],
  'rubbish instead of HTTP': [(_, response) => response.socket.end('220 ready\r\n\r\n'), /^HPE_/],
}

for (const [name, [fail, expected]] of Object.entries(failures)) {
  test(`counts ${name} as a failure, each time`, async () => {
    const { app, summary } = await drive(everyNth(10, fail), { timeoutMs: 400 })
    assert.ok(app.counts.misbehaved >= 5)
    assert.equal(summary.failed, app.counts.misbehaved)
    assert.equal(summary.ok + summary.failed, summary.sent)
    assert.equal(summary.outstanding, 0)
    for (const each of Object.keys(summary.failures)) assert.match(each, expected)
    assert.equal(summary.firstFailures.length, Math.min(20, summary.failed))
    await app.close()
  })
}

test('counts every request as failed when nobody listens', async () => {
  const app = await fakeApp()
  await app.close()
  const traffic = startTraffic({ baseUrl: app.baseUrl, rate: 200, reads })
  await pause(200)
  const summary = await traffic.stop()
  assert.ok(summary.sent > 20)
  assert.equal(summary.failed, summary.sent)
  assert.deepEqual(summary.failures, { ECONNREFUSED: summary.failed })
  assert.ok(summary.longestGapMs >= 190)
})

test('goes on sending at its rate while answers wait', async () => {
  const { app, summary } = await drive(
    (_, response, body) => {
      setTimeout(() => answer(response, 200, body ?? { version: 'v1' }), 600)
      return true
    },
    { milliseconds: 1000 },
  )
  assert.ok(summary.sent > 180, `${summary.sent} sent`)
  assert.equal(summary.failed, 0)
  assert.ok(summary.latencyMs.p50 >= 590)
  assert.ok(summary.longestGapMs >= 590)
  await app.close()
})

test('sees a gap without a success', async () => {
  const began = performance.now()
  const silent = () => performance.now() - began > 300 && performance.now() - began < 900
  const { app, summary } = await drive((_, response) => silent() && (response.socket.destroy(), true), {
    milliseconds: 1200,
  })
  assert.ok(summary.longestGapMs >= 550 && summary.longestGapMs < 1500, `${summary.longestGapMs} ms`)
  assert.ok(summary.failed > 50)
  await app.close()
})

test('sees acknowledged writes that the app no longer has, and rows that nobody acknowledged', async () => {
  const app = await fakeApp(
    everyNth(7, (_, response, body, rows) => {
      if (body !== undefined) rows.add(body.id)
      response.socket.destroy()
    }),
  )
  const traffic = startTraffic({ baseUrl: app.baseUrl, rate: 200, writes })
  await pause(500)
  const summary = await traffic.stop()
  const forgotten = [...app.rows].slice(0, 3)
  const before = await traffic.verify('/ids')
  assert.equal(before.acknowledged, summary.byKind.write.ok)
  assert.equal(before.lost, 0)
  assert.equal(before.others, summary.failed)
  for (const id of forgotten) app.rows.delete(id)
  const after = await traffic.verify('/ids')
  assert.equal(after.lost, 3)
  assert.deepEqual(new Set(after.lostIds), new Set(forgotten))
  assert.equal((await traffic.verify(() => [])).lost, before.acknowledged)
  await app.close()
})

test('proves nothing when the list of ids can not be had', async () => {
  const { app, traffic } = await drive((request, response) => {
    if (request.url !== '/broken') return false
    answer(response, 500, [])
    return true
  })
  await assert.rejects(traffic.verify('/broken'), /status 500/)
  await assert.rejects(traffic.verify('/thing'), /not a list/)
  await app.close()
  await assert.rejects(traffic.verify('/ids'), /ECONN/)
})

test('names hosts in turn, and follows the version that answers', async () => {
  const seen = new Set()
  const { app, summary } = await drive(
    request => {
      seen.add(request.headers.host)
      return false
    },
    { hosts: ['one.test', 'two.test'], writes: undefined, versionOf: body => body.host },
  )
  assert.deepEqual(seen, new Set(['one.test', 'two.test']))
  assert.deepEqual(Object.keys(summary.versions).sort(), ['one.test', 'two.test'])
  assert.equal(summary.byKind.write.sent, 0)
  await app.close()
})

test('sends to this machine only', () => {
  for (const baseUrl of [
    'http://example.com',
    'http://10.0.0.1',
    'http://127.0.0.1.example.com',
    'https://127.0.0.1',
    'http://0.0.0.0',
    'http://127.0.0.1@10.1.1.1/',
  ])
    assert.throws(() => startTraffic({ baseUrl, rate: 1, reads }), /loopback|plain http/, baseUrl)
  assert.throws(() => startTraffic({ baseUrl: 'http://127.0.0.1', rate: 0, reads }), RangeError)
  assert.throws(() => startTraffic({ baseUrl: 'http://127.0.0.1', rate: 10 }), /nothing to send/)
})

test('sustains 300 requests a second with little processor time', async () => {
  const app = await fakeApp()
  const traffic = startTraffic({ baseUrl: app.baseUrl, rate: 300, reads, writes })
  await pause(3000)
  const summary = await traffic.stop()
  assert.equal(summary.failed, 0)
  assert.ok(summary.sent > 850, `${summary.sent} sent`)
  await app.close()
})

test('compares while the traffic goes on', async () => {
  const app = await fakeApp()
  const traffic = startTraffic({ baseUrl: app.baseUrl, rate: 200, writes })
  for (let round = 0; round < 10; round += 1) {
    await pause(40)
    assert.equal((await traffic.verify({ path: '/ids', host: 'one.test' })).lost, 0)
  }
  await traffic.stop()
  await app.close()
})
