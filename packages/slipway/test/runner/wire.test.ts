import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { Wire } from '../../src/runner/wire.ts'

function pair() {
  const [up, down] = [new PassThrough(), new PassThrough()]
  return { here: new Wire(down, up), there: new Wire(up, down), up, down }
}

test('messages arrive in order, with their bytes, whatever those are', async () => {
  const { here, there } = pair()
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
  void here.send({ ask: 1, text: 'line\nbreak' })
  void here.send({ piece: 'x' }, bytes)
  void here.send({ ask: 2 }, Buffer.alloc(0))
  expect((await there.receive())?.head).toEqual({ ask: 1, text: 'line\nbreak' })
  const second = await there.receive()
  expect(second?.head).toEqual({ piece: 'x', bytes: 256 })
  expect(Buffer.from(second?.body ?? [])).toEqual(bytes)
  expect((await there.receive())?.head).toMatchObject({ ask: 2, bytes: 0 })
})

test('a message may come byte by byte', async () => {
  const input = new PassThrough()
  const wire = new Wire(input, new PassThrough())
  const received = wire.receive()
  for (const byte of Buffer.from('{"a":1,"bytes":3}\nxyz{"b":2}\n')) input.write(Buffer.from([byte]))
  expect(await received).toMatchObject({ head: { a: 1 } })
  expect((await wire.receive())?.head).toEqual({ b: 2 })
})

test('the end in the middle of a message is the end', async () => {
  const input = new PassThrough()
  const wire = new Wire(input, new PassThrough())
  input.end('{"a":1,"bytes":10}\nxyz')
  expect(await wire.receive()).toBeUndefined()
})

test.each([
  'no json\n',
  '[1]\n',
  '"text"\n',
  '{"bytes":-1}\n',
  '{"bytes":1e99}\n',
  '{"bytes":"9"}\n',
  '{"bytes":99999999}\n',
])('%j is refused', async text => {
  const input = new PassThrough()
  const wire = new Wire(input, new PassThrough())
  input.end(text)
  await expect(wire.receive()).rejects.toThrow()
})

test('what a login prints before the greeting is passed over, and shown when no greeting comes', async () => {
  const input = new PassThrough()
  const wire = new Wire(input, new PassThrough())
  input.write('Welcome to Debian!\n{"not":"ours"}\nslipway session 1\n{"hello":{}}\n')
  expect(await wire.greeted('slipway session 1')).toMatchObject({ greeted: true })
  expect((await wire.receive())?.head).toEqual({ hello: {} })
  const other = new PassThrough()
  other.end('This account is currently not available.\n')
  expect(await new Wire(other, new PassThrough()).greeted('slipway session 1')).toEqual({
    greeted: false,
    before: 'This account is currently not available.\n',
  })
})

test('a login that talks without end is not listened to without end', async () => {
  const input = new PassThrough()
  const wire = new Wire(input, new PassThrough())
  const asked = wire.greeted('slipway session 1')
  for (let lines = 0; lines < 3000; lines++) input.write(`${'x'.repeat(99)}\n`)
  expect((await asked).greeted).toBe(false)
})

test('sending waits while the other side does not read', async () => {
  const output = new PassThrough({ highWaterMark: 10 })
  const wire = new Wire(new PassThrough(), output)
  let sent = false
  const sending = wire.send({ text: 'x'.repeat(100) }).then(() => (sent = true))
  await new Promise(resolve => setTimeout(resolve, 20))
  expect(sent).toBe(false)
  output.resume()
  await sending
})
