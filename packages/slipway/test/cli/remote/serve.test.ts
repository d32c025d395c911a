import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serveSession } from '../../../src/cli/remote/serve.ts'
import { makeRun, readOrder, writeOrder } from '../../../src/runner/runs.ts'
import { Wire } from '../../../src/runner/wire.ts'
import { layout } from '../../../src/store/layout.ts'

let home: string
let wire: Wire
let input: PassThrough
let served: Promise<number>
const before = process.env['SLIPWAY_HOME']

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-session-'))
  process.env['SLIPWAY_HOME'] = home
  input = new PassThrough()
  const output = new PassThrough()
  served = serveSession(['__session', 'shop-prod', 'prod'], input, output)
  wire = new Wire(output, input)
  expect((await wire.greeted('slipway session 1')).greeted).toBe(true)
  expect((await wire.receive())?.head).toMatchObject({
    hello: { version: expect.any(String), now: expect.any(String) },
  })
})
afterEach(async () => {
  input.end()
  expect(await served).toBe(0)
  if (before === undefined) delete process.env['SLIPWAY_HOME']
  else process.env['SLIPWAY_HOME'] = before
  await rm(home, { recursive: true, force: true })
})

async function ask(call: string, sent: unknown = {}): Promise<Record<string, unknown>> {
  await wire.send({ ask: 1, call, sent })
  return (await wire.receive())?.head ?? {}
}

const text = 'app: shop\nedge: { listen: "127.0.0.1:80" }\ncompose: c.yml\nenvironments: { prod: {} }\n'
const sha256 = createHash('sha256').update(text).digest('hex')
const entries = [{ kind: 'file', path: 'slipway.yaml', mode: 0o644, bytes: text.length, sha256 }]
const compose = 'services: {}\n'
const composeHash = createHash('sha256').update(compose).digest('hex')
const both = [...entries, { kind: 'file', path: 'c.yml', mode: 0o600, bytes: compose.length, sha256: composeHash }]

test('code is offered, sent in pieces and accepted', async () => {
  expect(await ask('offer', { manifest: { entries: both } })).toMatchObject({
    answer: { needed: [sha256, composeHash] },
  })
  await wire.send({ piece: sha256, last: false, packed: true }, gzipSync(text.slice(0, 10)))
  await wire.send({ piece: sha256, last: true, packed: false }, Buffer.from(text.slice(10)))
  await wire.send({ piece: composeHash, last: true, packed: false }, Buffer.from(compose))
  const { answer } = await ask('accept', { file: 'slipway.yaml', variables: {} })
  const { folder } = answer as { folder: string }
  expect(await readFile(join(folder, 'slipway.yaml'), 'utf8')).toBe(text)
  expect(await ask('offer', { manifest: { entries: both } })).toMatchObject({ answer: { needed: [] } })
})

test('code of another app does not become this one', async () => {
  const other = text.replace('shop', 'bank')
  const hash = createHash('sha256').update(other).digest('hex')
  await ask('offer', { manifest: { entries: [{ ...entries[0], sha256: hash }, both[1]] } })
  await wire.send({ piece: hash, last: true, packed: false }, Buffer.from(other))
  await wire.send({ piece: composeHash, last: true, packed: false }, Buffer.from(compose))
  expect(await ask('accept', { file: 'slipway.yaml', variables: {} })).toMatchObject({
    refused: { message: expect.stringContaining('bank-prod') },
  })
})

test.each<[string, () => Promise<Record<string, unknown>>, object]>([
  ['a call that there is not', () => ask('constructor'), { refused: { code: 'BUG' } }],
  ['a question about code before any came', () => ask('status'), { refused: { code: 'BUG' } }],
  ['what was deployed, when nothing was', () => ask('open'), { answer: { opened: false } }],
  ['following, when nothing was started', () => ask('follow', { from: 0 }), { answer: null }],
  [
    'a list that leads out',
    () => ask('offer', { manifest: { entries: [{ ...entries[0], path: '../x' }] } }),
    { refused: { code: 'UPLOAD_FAILED' } },
  ],
  ['a start without a runner', () => ask('start', { act: 'deploy', by: 'x' }), { refused: { code: 'BUG' } }],
  ['a run of a hostile name', () => ask('interrupt', { run: '--help' }), { refused: { code: 'BUG' } }],
  ['a path for a run', () => ask('follow', { run: '../../etc', from: 0 }), { answer: null }],
])('%s has an answer', async (_what, question, answer) => {
  expect(await question()).toMatchObject(answer)
})

test('a file that arrives damaged is told with the call that follows it', async () => {
  await ask('offer', { manifest: { entries } })
  await wire.send({ piece: sha256, last: false, packed: true }, Buffer.from('rubbish'))
  await wire.send({ piece: sha256, last: true, packed: false }, Buffer.from(text))
  expect(await ask('accept', { file: 'slipway.yaml', variables: {} })).toMatchObject({
    refused: { code: 'UPLOAD_FAILED' },
  })
})

test('rubbish ends the session, and does no harm', async () => {
  input.write('this is no message\n')
  expect(await served).toBe(0)
})

test('a session that ends removes what killed ones have left of orders, with secrets in it', async () => {
  const { runs } = layout('shop-prod', home)
  const run = '20261121T173205-4f2a9c'
  await makeRun(runs, run)
  const asked = { act: 'deploy' as const, environment: 'prod', by: 'ada@laptop', at: '', variables: {} }
  await writeOrder(runs, run, { ...asked, configFile: '/x/slipway.yaml', passwords: { registry: 'hush' } })
  await utimes(join(runs, run, 'order.json'), 1_700_000_000, 1_700_000_000)
  input.end()
  expect(await served).toBe(0)
  expect(await readOrder(runs, run)).toBeUndefined()
})

test('nobody starts a session by hand', async () => {
  expect(await serveSession(['__session'], new PassThrough(), new PassThrough())).toBe(2)
})
