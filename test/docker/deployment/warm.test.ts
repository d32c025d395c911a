import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTraffic, type Traffic } from '../../../traffic/traffic.mjs'
import { Project } from '../project.ts'
import { thorough } from '../sample.ts'

const cli = join(resolve(import.meta.dirname, '../../..'), 'packages/slipway/dist/slipway.js')
let project: Project
let traffic: Traffic

beforeAll(async () => {
  project = await Project.create({ warm: '5m', extra: 'rehearse: off' })
  await project.release('v1')
  const { record, stderr } = await project.deploy()
  expect(record?.outcome, stderr).toBe('deployed')
  traffic = startTraffic({
    baseUrl: project.baseUrl,
    rate: 40,
    timeoutMs: 60_000,
    writes: { path: '/api/v1/feedings', share: 0.5, makeBody: id => ({ id, babyName: 'Ada', amountMl: 90 }) },
    reads: [{ path: '/api/v1/health' }],
  })
})

afterAll(async () => {
  await traffic.stop()
  await project.destroy()
})

test('a deployment that held requests keeps nothing warm: the old release can not live with the data', async () => {
  await project.release('v2')
  const { record, stderr } = await project.deploy()
  expect(record?.outcome, stderr).toBe('deployed')
  expect(record?.heldMs).toBeGreaterThan(0)
  expect(stderr).toMatch(/r1 is not kept warm/)
  expect(await warm()).toBeUndefined()
  expect(await parts()).toBe(2)
})

test('after a switch without a hold the old release stays, idle, and status says until when', async () => {
  await project.release('code-only', 'v2')
  const { record, stderr } = await project.deploy()
  expect(record?.outcome, stderr).toBe('deployed')
  expect(await warm()).toMatchObject({ release: 'r2' })
  expect((await project.slipway('status', 'prod')).stdout).toMatch(/warm\s+r2 until .*slipway rollback prod/)
  expect(await parts()).toBe(4)
})

test('rollback while warm: the last answer of the bad release comes within a second, and nobody notices', async () => {
  const began = performance.now()
  const child = spawn(process.execPath, [cli, 'rollback', 'prod', '--json'], {
    ...project.options(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'close')
  const last = await lastAnswerOf('0.2.1', began)
  await ended
  const whole = performance.now() - began
  console.log(
    `warm rollback: last answer of the bad release after ${Math.round(last)} ms, all done after ${Math.round(whole)} ms`,
  )
  expect(child.exitCode, said).toBe(0)
  // 0.6 s on a machine that has nothing else to do; here others may work.
  expect(last).toBeLessThan(3000)
  expect(await project.version()).toBe('0.2.0')
  expect(await warm()).toBeUndefined()
  expect(await parts()).toBe(2)
  expect(traffic.summary().firstFailures).toEqual([])
})

test.runIf(thorough)('a warm release is stopped when its time is over, and by the next deployment', async () => {
  await project.release('code-only', 'v2')
  expect((await project.deploy()).record?.outcome).toBe('deployed')
  const first = await warm()
  await project.release('v2')
  await project.configure(text => text.replace('warm: 5m', 'warm: 5s'))
  const { record, stderr } = await project.deploy()
  expect(record?.outcome, stderr).toBe('deployed')
  expect(stderr).toMatch(`${first?.release} is no longer kept warm`)
  // The note goes last, so that a process killed in between is not forgotten.
  await expect.poll(warm, { timeout: 30_000, interval: 500 }).toBeUndefined()
  expect(await parts()).toBe(2)
  expect(await project.version()).toBe('0.2.0')
})

test('the rest of the watch goes on in the background, and goes back by itself', async () => {
  await project.release('crashes-later', 'v2')
  await project.configure(text => text.replace('watch: off', 'watch: 1s'))
  const { record, stderr } = await project.deploy()
  expect(record?.outcome, stderr).toBe('deployed')
  await expect
    .poll(() => project.version(), { timeout: 20_000, interval: 200 })
    .toBe('0.2.0')
    .catch(async (error: Error) => {
      const { stdout } = await project.slipway('status', 'prod')
      throw new Error(`${error.message}\n${stderr}\n${stdout}\n${(await project.journal()).slice(-4000)}`)
    })
  await expect.poll(parts, { timeout: 30_000, interval: 500 }).toBe(2)
  const history = JSON.parse((await project.slipway('history', 'prod', '--json')).stdout) as {
    result: { kind: string; outcome: string; because?: string }[]
  }
  expect(history.result[0]).toMatchObject({ kind: 'rollback', outcome: 'deployed' })
  expect(history.result[0]?.because).toMatch(/exited|restarted|errors/)
})

test('no acknowledged write was lost', async () => {
  const { acknowledged, lost } = await traffic.verify('/api/v1/feedings/ids')
  expect(acknowledged).toBeGreaterThan(100)
  expect(lost).toBe(0)
})

async function warm(): Promise<{ release: string; until: string } | undefined> {
  const { stdout } = await project.slipway('status', 'prod', '--json')
  return (JSON.parse(stdout) as { result: { warm?: { release: string; until: string } } }).result.warm
}

/** Containers of web services and doors. */
async function parts(): Promise<number> {
  return (await project.leftovers()).containers.filter(name => !name.includes('-db-')).length
}

/** Asks without a pause until the version has been another for a second. */
async function lastAnswerOf(version: string, began: number): Promise<number> {
  let last = 0
  for (let gone = Number.POSITIVE_INFINITY; performance.now() - gone < 1000; ) {
    const answered = await project.version()
    if (answered === version) {
      last = performance.now() - began
      gone = Number.POSITIVE_INFINITY
    } else if (gone === Number.POSITIVE_INFINITY) gone = performance.now()
    await new Promise(next => setTimeout(next, 5))
  }
  return last
}
