import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { docker } from '../../soak/docker.mjs'
import type { Ended, Pulse } from '../../soak/pulse.mjs'
import { engineBetween } from '../engine-between.ts'
import { PulseUnderTraffic } from '../pulse-under-traffic.ts'
import { sample, thorough } from '../sample.ts'

/** One part dies in a certain step. Each time: all old or all new, said so, and nothing left. */
const app = new PulseUnderTraffic({ deadline: '8s' })
let pulse: Pulse
let now = 1
beforeAll(() => {
  pulse = app.pulse
})

/** Deploys the next version, and does something when the log says that a step is in this state. */
async function deployAnd(...when: Parameters<PulseUnderTraffic['deployAnd']>): Promise<Ended> {
  await pulse.version(now + 1)
  return app.deployAnd(...when)
}

/** Which of the two it is, everywhere. */
async function whole(): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const { web, schema, running } = await pulse.versions().catch(() => ({ web: '', schema: '', running: [] }))
    const same = running.every(each => each.version === web && each.state === 'running')
    if (schema === web && same && running.length === 2) return Number(web)
    if (attempt > 60) throw new Error(`mixed: web ${web}, schema ${schema}, ${JSON.stringify(running)}`)
    await sleep(250)
  }
}

/** The deployment's own word, its exit code and what runs agree. */
async function endsTruthfully({ exitCode, stderr }: Ended): Promise<void> {
  const version = await whole()
  expect([now, now + 1]).toContain(version)
  const last = (await pulse.history()).at(-1)
  expect(last?.outcome === 'deployed', stderr).toBe(version === now + 1)
  if (exitCode !== null) expect(exitCode === 0, stderr).toBe(version === now + 1)
  now = version
}

describe('PostgreSQL dies', () => {
  test.each(sample(1, [/ migrate +started/, / hold +started/, / gate +started/]))(
    'at %s',
    async when => {
      await endsTruthfully(await deployAnd(when, () => pulse.killContainer(`${pulse.project}-db-1`)))
    },
    120_000,
  )
})

test.runIf(thorough)(
  'the front dies in a hold: Docker starts it again, and the deployment goes on',
  async () => {
    const result = await deployAnd(/ hold +done/, () => pulse.killContainer(`${pulse.app}-edge`))
    await endsTruthfully(result)
    expect(await docker('inspect', '--format', '{{.State.Running}}', `${pulse.app}-edge`)).toBe('true\n')
  },
  120_000,
)

test.runIf(thorough)(
  'the new release dies in the gate, again and again: all old',
  async () => {
    let over = false
    const result = await deployAnd(/ gate +started/, async () => {
      for (let times = 0; times < 3 && !over; times++) {
        const names = await docker('ps', '--filter', `name=${pulse.project}-r`, '--format', '{{.Names}}')
        const young = names
          .split('\n')
          .filter(name => name.includes('-web-'))
          .sort()
          .at(-1)
        if (young !== undefined) await pulse.killContainer(young).catch(() => undefined)
        await sleep(300)
      }
    })
    over = true
    expect(result.exitCode, result.stderr).toBe(3)
    await endsTruthfully(result)
  },
  120_000,
)

describe('the runner is killed in a hold', () => {
  test('its guardian ends the deployment without anybody’s command, and no request fails', async () => {
    const before = app.traffic.summary().failed
    let killedAt = 0
    const result = await deployAnd(/ migrate +done/, child => {
      killedAt = performance.now()
      process.kill(child.pid ?? 0, 'SIGKILL')
    })
    expect(result.signal).toBe('SIGKILL')
    expect(await pulse.settled(30_000)).toBe(true)
    console.log(`ended by the guardian ${((performance.now() - killedAt) / 1000).toFixed(1)} s after the kill`)
    await endsTruthfully(result)
    expect(app.traffic.summary().failed).toBe(before)
    expect(await readFile(join(pulse.store, 'guardian.log'), 'utf8')).toMatch(/recover +started/)
  }, 120_000)

  test.runIf(thorough)(
    'a second Ctrl-C leaves at once with 130, and the guardian ends what was begun',
    async () => {
      const result = await deployAnd(/ hold +done/, async child => {
        process.kill(child.pid ?? 0, 'SIGINT')
        await sleep(100)
        process.kill(child.pid ?? 0, 'SIGINT')
      })
      expect(result.exitCode, result.stderr).toBe(130)
      expect(result.stderr).toMatch(/Left at once/)
      expect(await pulse.settled(30_000)).toBe(true)
      expect(await whole()).toBe(now)
    },
    120_000,
  )

  test.runIf(thorough)(
    'the first Ctrl-C ends it at the next safe point and says what is left',
    async () => {
      const result = await deployAnd(/ hold +done/, child => process.kill(child.pid ?? 0, 'SIGINT'))
      expect(result.exitCode, result.stderr).toBe(130)
      expect(result.stderr).toMatch(/ends at its next safe point/)
      expect(result.stdout).toMatch(/r\d+ serves/)
      expect(await whole()).toBe(now)
    },
    120_000,
  )

  test.runIf(thorough)(
    'with its guardian: any command, even one that only looks, ends it first and says so',
    async () => {
      for (const command of ['status', 'history']) {
        const result = await deployAnd(/ state +done/, async child => {
          process.kill((await pulse.guardian()) ?? 0, 'SIGKILL')
          process.kill(child.pid ?? 0, 'SIGKILL')
        })
        const looked = await pulse.slipway(command, 'prod')
        expect(looked.stderr).toMatch(/recover +started/)
        expect(looked.exitCode, looked.stderr).toBe(0)
        await endsTruthfully(result)
      }
      const resumed = await pulse.slipway('resume', 'prod')
      expect(resumed.exitCode, resumed.stderr).toBe(0)
      expect(resumed.stdout).toMatch(/nothing to end/)
    },
    120_000,
  )
})

describe.runIf(thorough)('Docker does not answer for 6 s', () => {
  test.each([/ migrate +done/, / hold +started/, / start +started/, / fetch +started/])(
    'from %s',
    async when => {
      const engine = await engineBetween(join(pulse.base, 'docker.sock'))
      pulse.variables = { DOCKER_HOST: `unix://${engine.path}` }
      try {
        const result = await deployAnd(when, () => engine.interrupt(6000))
        await engine.back()
        // What could not be undone meanwhile, the guardian goes on trying.
        expect(await pulse.settled(60_000), result.stderr).toBe(true)
        await endsTruthfully({ ...result, exitCode: null })
      } finally {
        pulse.variables = {}
        await engine.close()
      }
    },
    180_000,
  )
})
