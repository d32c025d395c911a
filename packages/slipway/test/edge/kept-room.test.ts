import { mkdtemp, mkdir, readdir, rm } from 'node:fs/promises'
import { createServer, request, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { waitingRoom, type WaitingRoom } from '../../src/edge/hold.ts'
import { keepRoom, keptRoom, type Channel } from '../../src/edge/kept-room.ts'
import { edgeLayout, type EdgeLayout } from '../../src/edge/layout.ts'

let directory: string
let layout: EdgeLayout
let door: Server
let theirs: WaitingRoom
let ours: WaitingRoom

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kept-'))
  layout = edgeLayout(directory)
  theirs = waitingRoom(layout, 'shop')
  ours = waitingRoom(layout, 'shop')
  door = createServer((_asked, answer) => answer.end('from r2'))
  await mkdir(layout.door('shop', 'r2').directory, { recursive: true })
  await new Promise<void>(resolve => door.listen(layout.door('shop', 'r2').socket('web'), resolve))
})

afterEach(async () => {
  await Promise.all([theirs.close(0), ours.close(0)])
  door.close()
  await rm(directory, { recursive: true, force: true })
})

/** Both ends of a channel in this process, and the cut that a death makes. */
function channels(): { here: Channel; there: Channel; cut: () => void } {
  const listeners = { here: [] as ((message: unknown) => void)[], there: [] as ((message: unknown) => void)[] }
  const closed: (() => void)[] = []
  let open = true
  const end = (from: 'here' | 'there', to: 'here' | 'there'): Channel => ({
    send: message => {
      if (open) for (const listen of listeners[to]) listen(JSON.parse(JSON.stringify(message)))
    },
    onMessage: listen => void listeners[from].push(listen),
    onClose: listen => void closed.push(listen),
  })
  const cut = () => {
    open = false
    for (const listen of closed) listen()
  }
  return { here: end('here', 'there'), there: end('there', 'here'), cut }
}

function ask(): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: layout.door('shop', 'hold').socket('web'), path: '/', agent: false }, answer =>
      answer.on('data', chunk => resolve(String(chunk))),
    )
    asked.on('error', reject).end()
  })
}

async function until(condition: () => boolean): Promise<void> {
  for (let look = 0; !condition() && look < 400; look++) await new Promise(resolve => setTimeout(resolve, 5))
  expect(condition()).toBe(true)
}

test('who waits, waits in the other process, and outlives this one', async () => {
  const { here, there, cut } = channels()
  keepRoom(theirs, there)
  const room = keptRoom(ours)
  room.attach(here)
  await room.open(['web'])
  const answer = ask()
  await until(() => room.count() === 1)
  expect([theirs.count(), ours.count()]).toEqual([1, 0])
  cut()
  await theirs.handTo('r2')
  expect(await answer).toBe('from r2')
})

test('handing over is done by the other process', async () => {
  const { here, there } = channels()
  keepRoom(theirs, there)
  const room = keptRoom(ours)
  room.attach(here)
  await room.open(['web'])
  const answer = ask()
  await until(() => theirs.count() === 1)
  await room.handTo('r2')
  expect(await answer).toBe('from r2')
})

test('when the other process dies in a hold, requests wait here from then on', async () => {
  const { here, there, cut } = channels()
  keepRoom(theirs, there)
  const room = keptRoom(ours)
  room.attach(here)
  await room.open(['web'])
  await theirs.close(0)
  cut()
  await until(() => ours.count() === 0)
  let answer: Promise<string> | undefined
  for (let attempt = 0; answer === undefined && attempt < 100; attempt++) {
    const tried = ask()
    tried.catch(() => undefined)
    await new Promise(resolve => setTimeout(resolve, 20))
    if (ours.count() === 1) answer = tried
  }
  await room.handTo('r2')
  expect(await answer).toBe('from r2')
})

test('without another process, or with one that fails or talks rubbish, requests wait here', async () => {
  const { here, there } = channels()
  there.onMessage(() => {
    for (const rubbish of [null, 7, 'open', { answers: 'x' }, { waiting: 'many' }, { answers: 1, ok: false }])
      there.send(rubbish)
  })
  const room = keptRoom(ours)
  room.attach(here)
  await room.open(['web'])
  const answer = ask()
  await until(() => room.count() === 1)
  expect(ours.count()).toBe(1)
  await room.handTo('r2')
  expect(await answer).toBe('from r2')
})

test('a keeper that is asked rubbish does nothing', async () => {
  const { here, there } = channels()
  keepRoom(theirs, there)
  for (const rubbish of [null, 7, {}, { do: 'drop', id: 1 }, { do: 'open' }]) here.send(rubbish)
  expect(await readdir(layout.project('shop'))).toEqual(['r2'])
})
