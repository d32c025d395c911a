import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DeployResult } from '../project.ts'
import { QueueApp, type QueueVersion } from '../queue-app.ts'
import { thorough } from '../sample.ts'
import { beginLongRequests } from '../under-way.ts'

/** What takes long and is under way when something is deployed: it ends as it would have without, or properly. */
const seconds = 20
let app: QueueApp

beforeAll(async () => {
  app = await QueueApp.create({ drain: `${seconds + 2}s` })
  await app.make({ version: 1 })
  const { record, stderr } = await app.deploy()
  expect(record?.outcome, stderr).toBe('deployed')
})

afterAll(async () => {
  await app.destroy()
})

interface Case {
  name: string
  act: () => Promise<DeployResult>
  outcome: 'deployed' | 'rolled-back'
  held: boolean
  /** The version that the requests began with, and the one that serves in the end. */
  from: string
  to: string
}

const cases: Case[] = [
  {
    name: 'a release with which old code can not live',
    act: () => deploy({ version: 2, schema: 3 }),
    outcome: 'deployed',
    held: true,
    from: '1',
    to: '2',
  },
  {
    name: 'a plain switch',
    act: () => deploy({ version: 3, schema: 3 }),
    outcome: 'deployed',
    held: false,
    from: '2',
    to: '3',
  },
  { name: 'a rollback', act: () => app.rollback(), outcome: 'deployed', held: false, from: '3', to: '2' },
  {
    name: 'a release that comes back',
    act: () => deploy({ version: 4, schema: 3, bad: 'web' }),
    outcome: 'rolled-back',
    held: false,
    from: '2',
    to: '2',
  },
  {
    name: 'a release that comes back from a hold',
    act: () => deploy({ version: 5, schema: 5, bad: 'web' }),
    outcome: 'rolled-back',
    held: true,
    from: '2',
    to: '2',
  },
]

test.runIf(thorough).each(cases.map(each => [each.name, each] as const))(
  '%s',
  async (_name, { act, outcome, held, from, to }) => {
    const before = await deployments()
    const acting = act()
    await reached(before, /"step-started","step":"(backup|start)"/)
    const begun = await beginLongRequests(app.port, seconds)
    const { record, stderr } = await acting
    expect(record?.outcome, stderr).toBe(outcome)
    expect(record?.heldMs !== undefined, stderr).toBe(held)
    const [upload, slow, stream] = await Promise.all([begun.upload, begun.slow, begun.stream])
    expect(upload.answer).toMatchObject({ status: 200 })
    expect(JSON.parse(upload.answer.text)).toEqual({ version: from, bytes: 10_000_000, sha256: upload.sent })
    expect(slow).toMatchObject({ status: 200 })
    expect(JSON.parse(slow.text)).toMatchObject({ version: from })
    // Or it would show nothing: they had not ended when it mattered.
    const moment = held
      ? /"facts":\{"held"/
      : outcome === 'deployed'
        ? /"switched":true/
        : /"step-started","step":"gate"/
    for (const { endedAt } of [upload.answer, slow]) expect(endedAt).toBeGreaterThan(await reached(before, moment))
    expect(stream.text).toMatch(new RegExp(`end of ${from}\n$`))
    const isGone = outcome === 'deployed'
    expect(begun.socket.state(), stderr).toBe(held || isGone ? 'close frame 1001' : 'open')
    expect(begun.socket.wrong()).toEqual([])
    expect(begun.events.state(), stderr).toBe(isGone ? 'ended properly' : 'open')
    if (held) expect(stderr).toMatch(/1 WebSocket was told to come again/)
    else if (isGone) expect(stderr).toMatch(/1 WebSocket closed with a close frame, 1 event stream ended/)
    console.log(
      `${outcome} in ${record?.seconds} s, held ${record?.heldMs ?? 0} ms; answered after ${Math.round(slow.milliseconds)} ms, uploaded in ${Math.round(upload.answer.milliseconds)} ms; ${begun.socket.echoes()} echoes`,
    )
    expect(await serving()).toBe(to)
    begun.socket.end()
    begun.events.end()
  },
)

test.runIf(thorough)('requests that would outlast the hold end it: nothing is cut', async () => {
  const begun = await beginLongRequests(app.port, 32)
  const { record, stderr } = await deploy({ version: 6, schema: 5 })
  expect(record, stderr).toMatchObject({ outcome: 'rolled-back', failure: { step: 'hold', code: 'HOLD_TOO_LONG' } })
  expect(record?.heldMs).toBeLessThan(30_000)
  const [upload, slow] = await Promise.all([begun.upload, begun.slow])
  expect(JSON.parse(upload.answer.text)).toMatchObject({ sha256: upload.sent })
  expect(slow).toMatchObject({ status: 200 })
  expect(begun.socket.state()).toBe('open')
  expect(begun.events.state()).toBe('open')
  begun.socket.end()
  begun.events.end()
})

test.runIf(thorough)('what began inside a hold goes on for longer than the deployment, uncut', async () => {
  const deploying = deploy({ version: 7, schema: 7 })
  while (!(await isHeld())) await pause(10)
  const begun = await beginLongRequests(app.port, 45)
  const { record, stderr } = await deploying
  const endedAt = performance.now()
  expect(record?.outcome, stderr).toBe('deployed')
  const [upload, slow] = await Promise.all([begun.upload, begun.slow])
  console.log(`it went on for ${Math.round(performance.now() - endedAt)} ms after the deployment`)
  expect(performance.now() - endedAt).toBeGreaterThan(32_000)
  expect(JSON.parse(upload.answer.text)).toEqual({ version: '7', bytes: 10_000_000, sha256: upload.sent })
  expect(JSON.parse(slow.text)).toMatchObject({ version: '7' })
  expect(begun.socket.state()).toBe('open')
  expect(begun.events.state()).toBe('open')
  const next = await deploy({ version: 8, schema: 7 })
  expect(next.record?.outcome, next.stderr).toBe('deployed')
  expect(begun.socket.state()).toBe('close frame 1001')
  expect(begun.events.state()).toBe('ended properly')
})

/** Waits until a deployment after these has such an event; when it was. */
async function reached(before: number, event: RegExp): Promise<number> {
  for (;;) {
    const number = await deployments()
    const text = number === before ? '' : await readFile(join(journals(), `d${number}.jsonl`), 'utf8')
    const line = text.split('\n').find(each => event.test(each))
    if (line !== undefined) return Date.parse((JSON.parse(line) as { at: string }).at)
    await pause(20)
  }
}

/** The number of the newest. */
async function deployments(): Promise<number> {
  return Math.max(...(await readdir(journals())).map(name => Number(/^d(\d+)\.jsonl$/.exec(name)?.[1] ?? 0)))
}

function journals(): string {
  return join(app.home, 'apps', app.project, 'deployments')
}

async function deploy(version: QueueVersion): Promise<DeployResult> {
  await app.make(version)
  return app.deploy()
}

async function serving(): Promise<string> {
  const answer = await fetch(`${app.baseUrl}/health`)
  return ((await answer.json()) as { version: string }).version
}

async function isHeld(): Promise<boolean> {
  return (await readlink(join(app.home, 'edge/doors', app.project, 'live')).catch(() => '')) === 'hold'
}
