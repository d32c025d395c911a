import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTraffic, type Traffic } from '../../../traffic/traffic.mjs'
import { lines, Project, type DeployResult } from '../project.ts'
import { sample, thorough } from '../sample.ts'

const rate = 40
let project: Project
let traffic: Traffic

beforeAll(async () => {
  project = await Project.create({ watch: '30s' })
  await project.release('v2')
  const { record, stderr } = await project.deploy()
  expect(record?.outcome, stderr).toBe('deployed')
  traffic = startTraffic({
    baseUrl: project.baseUrl,
    rate,
    timeoutMs: 60_000,
    writes: { path: '/api/v1/feedings', share: 0.5, makeBody: id => ({ id, babyName: 'Ada', amountMl: 90 }) },
    reads: [{ path: '/api/v1/health' }],
  })
})

afterAll(async () => {
  await traffic.stop()
  await project.destroy()
})

const bad = [
  { release: 'crashes-later', why: /exited|restarted/ },
  { release: 'errors-later', why: /of the answers are errors/ },
  { release: 'unwell-later', why: /health answers 500|unhealthy/ },
]

test.each(sample(1, bad))(
  '$release: it is switched to, turns bad, and goes back by itself within 3 s',
  async ({ release, why }) => {
    await project.release(release, 'v2')
    const trouble = watchForTrouble()
    const result = await project.deploy()
    const badMs = await trouble.ended()
    expect(result.record, result.stderr).toMatchObject({
      outcome: 'rolled-back',
      failure: { step: 'watch', code: 'WATCH_FAILED' },
    })
    expect(result.exitCode).toBe(3)
    expect(result.record?.failure?.why).toMatch(why)
    console.log(
      `${release}: evidence to back ${goingBackMs(result)} ms; clients saw trouble for ${Math.round(badMs)} ms`,
    )
    expect(goingBackMs(result)).toBeLessThan(3000)
    expect(badMs).toBeLessThan(4000)
    expect(await project.version()).toBe('0.2.0')
    const { containers, networks } = await project.leftovers()
    expect(containers.filter(name => !name.includes('-db-'))).toHaveLength(2)
    expect(networks).toHaveLength(1)
    const { lost } = await traffic.verify('/api/v1/feedings/ids')
    expect(lost).toBe(0)
  },
)

test.runIf(thorough)('killed while it goes back: the next command ends all-old', async () => {
  await project.release('crashes-later', 'v2')
  const cli = join(resolve(import.meta.dirname, '../../..'), 'packages/slipway/dist/slipway.js')
  const child = spawn(process.execPath, [cli, 'deploy', 'prod'], {
    ...project.options(),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (/Switch back/.test(said)) child.kill('SIGKILL')
  })
  await once(child, 'close')
  expect(child.signalCode, said).toBe('SIGKILL')
  await expect
    .poll(async () => lines((await project.slipway('status', 'prod', '--json')).stdout).join(''), {
      timeout: 60_000,
      interval: 1000,
    })
    .not.toMatch(/"unfinished"|"lock"/)
  expect(await project.version()).toBe('0.2.0')
  await expect
    .poll(async () => (await project.leftovers()).containers.filter(name => !name.includes('-db-')).length, {
      timeout: 20_000,
    })
    .toBe(2)
})

test.runIf(thorough)('a release that does well is not disturbed', async () => {
  await project.release('code-only', 'v2')
  await project.configure(text => text.replace('watch: 30s', 'watch: 5s'))
  const before = traffic.summary().failed
  const { record, stderr } = await project.deploy()
  expect(record?.outcome, stderr).toBe('deployed')
  expect(traffic.summary().failed).toBe(before)
  const { lost } = await traffic.verify('/api/v1/feedings/ids')
  expect(lost).toBe(0)
})

/** From the moment of the decision to the moment at which the old release served again. */
function goingBackMs(result: DeployResult): number {
  const { result: document } = JSON.parse(result.stdout) as {
    result: { events: { at: string; type: string; step?: string; facts?: { returning?: boolean } }[] }
  }
  const { events } = document
  const decided = events.find(event => event.type === 'step-fact' && event.facts?.returning === true)
  const back = events.find(event => event.type === 'undo-finished' && event.step === 'switch')
  if (decided === undefined || back === undefined) throw new Error('it did not go back')
  return Date.parse(back.at) - Date.parse(decided.at)
}

/** How long clients saw failures, from the first one to the last. */
function watchForTrouble() {
  const start = traffic.summary().failed
  let seen = start
  let first: number | undefined
  let last = 0
  const timer = setInterval(() => {
    const { failed } = traffic.summary()
    if (failed === seen) return
    seen = failed
    last = performance.now()
    first ??= last
  }, 10)
  return {
    async ended(): Promise<number> {
      await new Promise(next => setTimeout(next, 200))
      clearInterval(timer)
      console.log(`${seen - start} of ${rate * 60} requests of a minute failed`)
      return first === undefined ? 0 : last - first
    },
  }
}
