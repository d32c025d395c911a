import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { removeLeftOrders, takeBack } from '../../src/runner/left-orders.ts'
import { begin, makeRun, readOrder, writeOrder } from '../../src/runner/runs.ts'

let runs: string
const run = '20261121T173205-4f2a9c'
const harmless = {
  act: 'deploy' as const,
  configFile: '/x/slipway.yaml',
  environment: 'prod',
  by: 'alice@laptop',
  at: '2026-11-21T17:32:05Z',
  variables: {},
}
const order = { ...harmless, passwords: { registry: 'hush' }, secrets: { values: { TOKEN: 'aHVzaA==' }, sealKeys: '' } }
const half = 'order.json.0123456789ab.partial'

beforeEach(async () => {
  runs = await mkdtemp(join(tmpdir(), 'slipway-left-orders-'))
  await makeRun(runs, run)
  await writeOrder(runs, run, order)
})
afterEach(() => rm(runs, { recursive: true, force: true }))

async function age(file: string, minutes: number): Promise<void> {
  const at = new Date(Date.now() - minutes * 60_000)
  await utimes(join(runs, run, file), at, at)
}

test('an order that is taken back is gone, and a runner that comes late does not begin it', async () => {
  await takeBack(runs, run)
  expect(await readdir(join(runs, run))).toEqual(['begun'])
  expect(await begin(runs, run)).toBe(false)
})

test('what was begun keeps its order, by which it is brought to its end, without secrets', async () => {
  await begin(runs, run)
  await takeBack(runs, run)
  expect(await readOrder(runs, run)).toEqual(harmless)
})

test('a run without an order can still get one', async () => {
  await rm(join(runs, run, 'order.json'))
  await takeBack(runs, run)
  await removeLeftOrders(runs)
  expect(await begin(runs, run)).toBe(true)
})

test('an order whose runner would long have taken it goes, a new one stays', async () => {
  await age('order.json', 9)
  await removeLeftOrders(runs)
  expect(await readOrder(runs, run)).toEqual(order)
  await age('order.json', 11)
  await removeLeftOrders(runs)
  expect(await readOrder(runs, run)).toBeUndefined()
})

test('half an order goes when nobody has touched it for a minute', async () => {
  await writeFile(join(runs, run, half), 'hush')
  await removeLeftOrders(runs)
  expect(await readdir(join(runs, run))).toContain(half)
  await age(half, 2)
  await removeLeftOrders(runs)
  expect(await readdir(join(runs, run))).toEqual(['order.json'])
})

test('where nothing ever ran there is nothing to remove', async () => {
  await expect(removeLeftOrders(join(runs, 'nowhere'))).resolves.toBeUndefined()
})
