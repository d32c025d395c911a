import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Event } from '../../src/release/events.ts'
import { follow } from '../../src/runner/follow.ts'
import { endOf, openRun, type Line } from '../../src/runner/run-lines.ts'
import {
  begin,
  latestRun,
  makeRun,
  pruneRuns,
  readOrder,
  signOfLife,
  waitForOrder,
  writeOrder,
} from '../../src/runner/runs.ts'

let runs: string
const run = '20261121T173205-4f2a9c'
const order = {
  act: 'deploy' as const,
  configFile: '/x/slipway.yaml',
  environment: 'prod',
  by: 'alice@laptop',
  at: '2026-11-21T17:32:05Z',
  variables: {},
}
const note = (text: string): Event => ({ at: '', type: 'step-note', step: 'fetch', text })
const ended: Line = { ended: { error: { code: 'LOCKED', message: 'x', output: [], problems: [] } } }
const live = async () => true

async function given(name: string): Promise<void> {
  await makeRun(runs, name)
  await writeOrder(runs, name, order)
}

beforeEach(async () => {
  runs = await mkdtemp(join(tmpdir(), 'slipway-runs-'))
  await given(run)
})
afterEach(() => rm(runs, { recursive: true, force: true }))

test('an order is begun once', async () => {
  expect(await readOrder(runs, run)).toEqual(order)
  expect([await begin(runs, run), await begin(runs, run)]).toEqual([true, false])
})

test('who follows gets every line once, also those written while it follows, from the one it asks for', async () => {
  const writer = await openRun(runs, run)
  writer.write({ event: note('0') })
  const heard: [number, Line][] = []
  const following = follow(
    runs,
    run,
    0,
    new AbortController().signal,
    (line, number) => void heard.push([number, line]),
    live,
  )
  writer.write({ event: note('1') })
  await new Promise(resolve => setTimeout(resolve, 60))
  writer.write({ event: note('2') })
  writer.write(ended)
  await writer.close()
  expect(await following).toBe('ended')
  expect(heard.map(([number]) => number)).toEqual([0, 1, 2, 3])
  const again: number[] = []
  await follow(runs, run, 2, new AbortController().signal, (_line, number) => void again.push(number), live)
  expect(again).toEqual([2, 3])
  expect(await endOf(runs, run)).toEqual('ended' in ended ? ended.ended : undefined)
})

test('half a line, as a kill leaves it, is not heard; the next writer begins a line of its own', async () => {
  await appendFile(join(runs, run, 'lines.jsonl'), '{"event":{"type":"step-no')
  expect(await endOf(runs, run)).toBeUndefined()
  const writer = await openRun(runs, run)
  writer.write(ended)
  await writer.close()
  expect(await endOf(runs, run)).toBeDefined()
})

test('a runner that is gone is told, after all that it wrote', async () => {
  const writer = await openRun(runs, run)
  writer.write({ event: note('last') })
  await writer.close()
  const heard: Line[] = []
  const outcome = await follow(
    runs,
    run,
    0,
    new AbortController().signal,
    line => void heard.push(line),
    async () => false,
  )
  expect(outcome).toBe('died')
  expect(heard).toHaveLength(1)
})

test('following stops when nobody listens any more', async () => {
  const stop = new AbortController()
  const following = follow(runs, run, 0, stop.signal, () => undefined, live)
  stop.abort()
  expect(await following).toBe('aborted')
})

test('a runner that waits gets its order, or none', async () => {
  const waiting = '20261121T173207-000000'
  await makeRun(runs, waiting)
  expect(await latestRun(runs)).toBe(run)
  const stop = new AbortController()
  const soon = waitForOrder(runs, waiting, 5000, stop.signal)
  await given(waiting)
  expect(await soon).toEqual(order)
  await makeRun(runs, '20261121T173208-000000')
  expect(await waitForOrder(runs, '20261121T173208-000000', 30, stop.signal)).toBeUndefined()
  const late = waitForOrder(runs, '20261121T173208-000000', 60_000, stop.signal)
  stop.abort()
  expect(await late).toBeUndefined()
})

test('a runner waits on for its order while whoever prepares it gives signs of life', async () => {
  const waiting = '20261121T173207-000000'
  await makeRun(runs, waiting)
  const gets = waitForOrder(runs, waiting, 1500, new AbortController().signal)
  for (let second = 0; second < 5; second++) {
    await new Promise(resolve => setTimeout(resolve, 600))
    await signOfLife(runs, waiting)
  }
  await given(waiting)
  expect(await gets).toEqual(order)
})

test('a run that found the lock taken is not the one that is under way', async () => {
  const refused = '20261121T173206-000000'
  await given(refused)
  expect(await latestRun(runs)).toBe(refused)
  const writer = await openRun(runs, refused)
  writer.write(ended)
  await writer.close()
  expect(await latestRun(runs)).toBe(run)
})

test('the run that deploys is meant, also while a newer one has not yet heard of it', async () => {
  const writer = await openRun(runs, run)
  writer.write({
    event: {
      at: '',
      type: 'deployment-started',
      id: 'd1',
      kind: 'deploy',
      app: 'shop',
      environment: 'prod',
      by: 'a',
      pid: 1,
    },
  })
  await writer.close()
  await given('20261121T173206-000000')
  expect(await latestRun(runs)).toBe(run)
  const other = await openRun(runs, run)
  other.write({ ended: { error: { code: 'BUILD_FAILED', message: 'x', output: [], problems: [] } } })
  await other.close()
  expect(await latestRun(runs)).toBe('20261121T173206-000000')
})

test('the newest run is found among others, and old ones go, but none that is under way', async () => {
  for (let second = 10; second < 40; second++) await over(`20261121T1800${second}-000000`)
  await given('20261121T180005-000000')
  expect(await latestRun(runs)).toBe('20261121T180039-000000')
  await pruneRuns(runs, 5)
  expect(await latestRun(runs)).toBe('20261121T180039-000000')
  expect(await readOrder(runs, '20261121T180010-000000')).toBeUndefined()
  expect(await readOrder(runs, '20261121T180035-000000')).toBeDefined()
  expect(await readOrder(runs, '20261121T180005-000000')).toBeDefined()
  expect(await latestRun(join(runs, 'nowhere'))).toBeUndefined()
})

async function over(name: string): Promise<void> {
  await given(name)
  const writer = await openRun(runs, name)
  writer.write({ ended: { error: { code: 'BUILD_FAILED', message: 'x', output: [], problems: [] } } })
  await writer.close()
}
