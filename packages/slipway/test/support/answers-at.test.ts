import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { whySilent } from '../../src/support/answers-at.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listening(take: (socket: Socket) => void): Promise<number> {
  const server = createServer(take).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const asked = (port: number, withinMs = 300): Promise<string | undefined> =>
  whySilent({ host: '127.0.0.1', port }, { says: Buffer.from('?'), expects: /^N/, withinMs })

test('the right answer is none to complain of', async () => {
  expect(await asked(await listening(socket => socket.once('data', () => socket.end('N'))))).toBeUndefined()
})

test.each([
  ['something else', (socket: Socket) => socket.end('SSH-2.0'), 'something else answers there'],
  ['nothing', () => undefined, 'something accepts there, and says nothing'],
  ['only the end', (socket: Socket) => socket.end(), 'the connection is closed at once'],
])('%s is told as that', async (_, take, why) => {
  expect(await asked(await listening(take))).toBe(why)
})

test('nobody there, for as long as it was waited', async () => {
  const port = await listening(() => undefined)
  for (const server of servers.splice(0)) server.close()
  expect(await asked(port)).toContain('ECONNREFUSED')
})

test('one that is only coming up is waited for', async () => {
  let answers = false
  const port = await listening(socket => (answers ? socket.end('N') : socket.destroy()))
  setTimeout(() => (answers = true), 250)
  expect(await asked(port, 3000)).toBeUndefined()
})
