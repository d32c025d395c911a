import { once } from 'node:events'
import { connect, createServer, Socket, type AddressInfo, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { join } from '../../src/runner/relay.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listening(take: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, take).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** An iterator would close the other direction as well. */
async function all(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk))
  await once(socket, 'end')
  return Buffer.concat(chunks)
}

async function relayTo(port: number): Promise<Socket> {
  const near = await listening(socket => join(socket, connect({ host: '127.0.0.1', port, allowHalfOpen: true })))
  return connect({ host: '127.0.0.1', port: near, allowHalfOpen: true })
}

test('passes every byte on in both directions, and the end of one direction without that of the other', async () => {
  const bytes = Buffer.alloc(3_000_000, 'slipway')
  const far = await listening(socket => void all(socket).then(arrived => socket.end(arrived)))
  const near = await relayTo(far)
  near.end(bytes)
  expect((await all(near)).equals(bytes)).toBe(true)
})

test('nobody at the other end: the connection is ended, and others go on', async () => {
  const port = await listening(() => undefined)
  for (const server of servers.splice(0)) server.close()
  const near = await relayTo(port)
  near.on('error', () => undefined)
  near.resume()
  await once(near, 'end')
})

test('one that takes too long to answer is given up, and so is who waits for it', async () => {
  const far = new Socket()
  const near = connect({ host: '127.0.0.1', port: await listening(socket => join(socket, far)) })
  await once(near, 'connect')
  far.destroy()
  near.resume()
  await once(near, 'end')
})

test.each(['near', 'far'] as const)('a %s side that breaks off ends the other', async side => {
  let arrived: (socket: Socket) => void = () => undefined
  const other = new Promise<Socket>(resolve => (arrived = resolve))
  const near = await relayTo(await listening(socket => arrived(socket)))
  const sockets = { near, far: await other }
  for (const socket of Object.values(sockets)) socket.on('error', () => undefined).resume()
  const left = sockets[side === 'near' ? 'far' : 'near']
  const ended = once(left, 'end')
  sockets[side].resetAndDestroy()
  await Promise.race([ended, once(left, 'close')])
})
