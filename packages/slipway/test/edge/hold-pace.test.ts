import { readdir, rm, symlink } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { caddyEdge, type CaddyEdge } from '../../src/edge/edge.ts'
import { waitingRoom } from '../../src/edge/hold.ts'
import { edgeLayout } from '../../src/edge/layout.ts'
import { sampleRelease } from './sample.ts'
import { HoldLab, until } from './hold-lab.ts'

/** What becomes of those who waited, when they can not all be answered at once. */
const lab = new HoldLab()

/** How many at a time go to a door, and for how long one of them is waited for. */
function edgeWith(underWay: number, patienceMs: number): CaddyEdge {
  const bounds = { waiting: 1000, underWay, moreThen: 10, patienceMs }
  const room = waitingRoom(edgeLayout(lab.directory), 'shop', bounds)
  return caddyEdge({ directory: lab.directory, project: 'shop', room })
}

/** Waits until so many were answered by r2. */
async function byR2(count: number, answers: readonly Promise<string>[]): Promise<void> {
  const done: string[] = []
  for (const answer of answers) void answer.then(text => done.push(text))
  await until(() => done.length >= count)
  expect(done).toEqual(Array(count).fill('200 from r2'))
}

test('only as many at a time are handed over as the door has memory for', async () => {
  lab.edge = edgeWith(10, 60_000)
  let most = 0
  let open = 0
  await lab.doorOf('r4', (_asked, answer) => {
    most = Math.max(most, ++open)
    setTimeout(() => answer.end(String(open--)), 30)
  })
  await lab.edge.hold(['web'])
  const answers = await lab.asked(60)
  await lab.letGo('r4')
  for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^200 /)
  expect(most).toBe(10)
})

test('none is waited for too long before more are handed over', async () => {
  lab.edge = edgeWith(10, 300)
  let open = 0
  await lab.doorOf('r5', () => (open += 1))
  await lab.edge.hold(['web'])
  void (await lab.asked(30))
  await lab.letGo('r5')
  await until(() => open === 30)
})

test('an app that does one thing after the other is not overrun', async () => {
  let most = 0
  const todo: ServerResponse[] = []
  const busy = setInterval(() => todo.shift()?.end('done'), 5)
  await lab.doorOf('r4', (_asked, answer) => (most = Math.max(most, todo.push(answer))))
  await lab.edge.hold(['web'])
  const answers = await lab.asked(300, 'x')
  await lab.letGo('r4')
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['200 done']))
  expect(most).toBeLessThan(150)
  clearInterval(busy)
})

test('an app that says at once that it can not is given time', async () => {
  let asked = 0
  await lab.doorOf('r4', (_asked, answer) => {
    asked += 1
    answer.writeHead(503).end('no connection is free')
  })
  await lab.edge.hold(['web'])
  void (await lab.asked(300))
  const began = performance.now()
  await lab.letGo('r4')
  await until(() => asked === 300)
  expect(performance.now() - began).toBeGreaterThan(1900)
})

test('who is not yet handed over waits for the release that serves in the end', async () => {
  await lab.doorOf('r5', () => undefined)
  await lab.edge.hold(['web'])
  const answers = await lab.asked(100)
  const handing = lab.letGo('r5')
  await until(() => lab.edge.waiting() < 100)
  await lab.edge.hold(['web'])
  await handing
  const left = lab.edge.waiting()
  expect(left).toBeGreaterThan(0)
  await sleep(1200)
  expect(lab.edge.waiting()).toBe(left)
  await lab.letGo('r2')
  await byR2(left, answers)
})

test('who is not yet handed over goes on into the hold of somebody else, of whom nothing is taken away', async () => {
  let asked = 0
  await lab.doorOf('r5', () => (asked += 1))
  await lab.edge.hold(['web'])
  const answers = await lab.asked(60)
  const handing = lab.letGo('r5')
  await until(() => lab.edge.waiting() < 60)
  const next = caddyEdge({ directory: lab.directory, project: 'shop' })
  await next.hold(['web'])
  await handing
  const left = 60 - asked
  await until(() => lab.edge.waiting() === 0 && next.waiting() === left)
  expect(left).toBeGreaterThan(0)
  // The first keeper has closed its own by now.
  await sleep(300)
  expect((await readdir(join(lab.directory, 'doors/shop/hold'))).sort()).toEqual(['_held', 'web.sock'])
  await next.letGo(sampleRelease('shop', [{ name: 'web' }], 'r2'))
  await byR2(left, answers)
  await next.close(0)
})

test('who holds next may die in it: those of before wait for whoever ends that hold', async () => {
  let asked = 0
  await lab.doorOf('r5', () => (asked += 1))
  await lab.edge.hold(['web'])
  const answers = await lab.asked(40, 'body')
  const handing = lab.letGo('r5')
  await until(() => lab.edge.waiting() < 40)
  // As one that died leaves it: the link, and nobody who listens.
  await rm(join(lab.directory, 'doors/shop/live'))
  await symlink('hold', join(lab.directory, 'doors/shop/live'))
  await handing
  await sleep(1200)
  expect(await readdir(join(lab.directory, 'doors/shop/hold'))).toEqual([])
  const left = 40 - asked
  expect(left).toBeGreaterThan(0)
  await caddyEdge({ directory: lab.directory, project: 'shop' }).letGo(sampleRelease('shop', [{ name: 'web' }], 'r2'))
  await byR2(left, answers)
})

test('a service that is not there keeps nobody of another one waiting', async () => {
  await lab.edge.hold(['web', 'api'])
  const socketPath = join(lab.directory, 'doors/shop/live/api.sock')
  const lost = Array.from({ length: 300 }, () => connect(socketPath).on('error', () => undefined))
  for (const socket of lost) socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => lab.edge.waiting() === 300)
  const answers = Array.from({ length: 50 }, (_, number) => lab.ask(`/${number}`))
  await until(() => lab.edge.waiting() === 350)
  const handing = lab.letGo('r2')
  await byR2(50, answers)
  expect(lab.edge.waiting()).toBeGreaterThan(0)
  await handing
  for (const socket of lost) socket.destroy()
})

test('who can not be handed over at the end is told to come again, and not cut off', async () => {
  await lab.doorOf('r5', () => undefined)
  await lab.edge.hold(['web'])
  const answers = await lab.asked(200, 'x'.repeat(50_000))
  void lab.letGo('r5')
  await until(() => lab.edge.waiting() < 200)
  const left = lab.edge.waiting()
  await lab.edge.close(0)
  expect((await Promise.all(answers)).filter(answer => answer === '503 Please try again\n')).toHaveLength(left)
})

test('a request that nobody can take is answered, and its connection ends, however much of it is unread', async () => {
  await lab.edge.hold(['web'])
  const socket = connect({ path: join(lab.directory, 'doors/shop/live/web.sock'), allowHalfOpen: true })
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n')
  let text = ''
  socket.on('data', chunk => (text += String(chunk)))
  socket.on('error', () => undefined)
  const writing = setInterval(() => socket.write(Buffer.alloc(10_000, 'x')), 1)
  await until(() => lab.edge.waiting() === 1)
  await lab.letGo('r9')
  await until(() => text.startsWith('HTTP/1.1 503 '))
  clearInterval(writing)
  socket.end()
  await new Promise(resolve => socket.once('close', resolve))
})
