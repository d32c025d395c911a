import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Ended, Pulse } from '../../soak/pulse.mjs'
import { engineBetween } from '../engine-between.ts'
import { PulseUnderTraffic } from '../pulse-under-traffic.ts'
import { thorough } from '../sample.ts'

/** People and parts that come in between: a second operator, Ctrl-C, a death in the watch, an engine that hangs. */
const app = new PulseUnderTraffic({ deadline: '8s', watch: '30s', hold: '8s' })
const deployAnd = app.deployAnd.bind(app)
let pulse: Pulse
beforeAll(() => {
  pulse = app.pulse
})

/** Other code for the same schema: it goes out without a hold. */
function otherCode(): Promise<void> {
  return appendFile(join(pulse.directory, 'web.mjs'), '// another version\n')
}

async function allAsVersion(version: string): Promise<void> {
  await expect
    .poll(
      async () => {
        const { web, schema, running } = await pulse.versions()
        return [web, schema, ...running.map(each => `${each.version} ${each.state}`)]
      },
      { timeout: 30_000, interval: 500 },
    )
    .toEqual([version, version, `${version} running`, `${version} running`])
}

describe.runIf(thorough)('the runner dies in the watch', () => {
  test.each(['its guardian', 'status'])(
    'a release that turns bad after that still goes back: taken up by %s',
    async by => {
      await pulse.version(1)
      await otherCode()
      const before = await pulse.live()
      const { signal } = await deployAnd(/ watch +started/, async child => {
        if (by === 'status') process.kill((await pulse.guardian()) ?? 0, 'SIGKILL')
        process.kill(child.pid ?? 0, 'SIGKILL')
      })
      expect(signal).toBe('SIGKILL')
      if (by === 'status') await pulse.slipway('status', 'prod')
      await expect.poll(() => pulse.isWarm(), { timeout: 30_000 }).toBe(true)
      expect((await pulse.history()).at(-1)?.outcome).toBe('deployed')
      const bad = await pulse.live()
      expect(bad).not.toBe(before)
      const looked = async () => (await pulse.slipway('status', 'prod')).stdout
      const warm = new RegExp(`warm +${before} until .*slipway rollback prod goes back at once`)
      await expect.poll(looked, { timeout: 30_000, interval: 500 }).toMatch(warm)
      await pulse.killContainer(`${pulse.project}-${bad}-web-1`)
      await expect.poll(() => pulse.live(), { timeout: 30_000, interval: 200 }).toBe(before)
      expect(await pulse.settled(30_000)).toBe(true)
      const last = (await pulse.history()).at(-1)
      expect(last).toMatchObject({ kind: 'rollback', outcome: 'deployed' })
      expect(last?.because).toMatch(/restarted|exited|errors/)
    },
    120_000,
  )

  test('who looks after the warm release dies too: the next command takes it up', async () => {
    await pulse.version(1)
    await otherCode()
    await deployAnd(/ watch +started/, child => process.kill(child.pid ?? 0, 'SIGKILL'))
    await expect.poll(() => pulse.isWarm(), { timeout: 30_000 }).toBe(true)
    expect(await watcher()).toHaveLength(1)
    for (const pid of await watcher()) process.kill(pid, 'SIGKILL')
    const status = await pulse.slipway('status', 'prod', '--json')
    expect(JSON.parse(status.stdout)).toMatchObject({ result: { warm: { tended: true } } })
    expect(await watcher()).toHaveLength(1)
    // Its time over, the old release is stopped by that one.
    await expect.poll(() => pulse.isWarm(), { timeout: 60_000, interval: 500 }).toBe(false)
  }, 120_000)
})

/** Processes of Slipway that nobody waits for: here, once a deployment has ended, those beside a warm release. */
async function watcher(): Promise<number[]> {
  await expect.poll(() => pulse.processes(), { timeout: 10_000 }).not.toEqual([])
  await expect.poll(() => pulse.guardian(), { timeout: 10_000 }).toBeUndefined()
  // Whoever started it may still be about to end.
  await expect.poll(() => pulse.processes(), { timeout: 10_000 }).toHaveLength(1)
  return pulse.processes()
}

describe.runIf(thorough)('a second operator', () => {
  test.each([
    / migrate +undoing/,
    / fetch +started/,
    / hold +started/,
    / migrate +started/,
    / start +started/,
    / gate +started/,
  ])(
    'at %s: whoever wants to change something is told who does since when, whoever looks may look',
    async when => {
      const wayBack = String(when).includes('undoing')
      await pulse.version(2, wayBack ? { command: 'node, -e, process.exit(1)' } : {})
      let seen: Ended[] = []
      const result = await deployAnd(when, async child => {
        process.kill(child.pid ?? 0, 'SIGSTOP')
        try {
          const commands = ['deploy', 'rollback', 'resume', 'status', 'history', 'plan', 'backup']
          seen = await Promise.all(commands.map(command => pulse.slipway(command, 'prod')))
        } finally {
          process.kill(child.pid ?? 0, 'SIGCONT')
          if (!wayBack) process.kill(child.pid ?? 0, 'SIGINT')
        }
      })
      for (const { exitCode, stderr } of seen.slice(0, 3)) {
        expect(exitCode, stderr).toBe(5)
        expect(stderr).toMatch(/holds the lock since \d{4}-\d\d-\d\dT\S+ \(deploy to prod, process \d+\)/)
      }
      const [status, history, plan, backup] = seen.slice(3)
      expect(status?.exitCode, status?.stderr).toBe(0)
      expect(status?.stdout).toMatch(/under way: deploy to prod/)
      expect(history?.exitCode, history?.stderr).toBe(0)
      expect(plan?.exitCode, plan?.stderr).toBe(6)
      expect(backup?.exitCode, backup?.stderr).toBe(0)
      expect(result.exitCode, result.stderr).toBe(wayBack ? 3 : 130)
      await allAsVersion('1')
    },
    120_000,
  )
})

describe.runIf(thorough)('Ctrl-C', () => {
  const steps = ['fetch', 'backup', 'hold', 'migrate', 'start', 'gate']

  test.each(steps)(
    'once in %s: it ends at the next safe point and says what is left',
    async step => {
      await pulse.version(2)
      const result = await deployAnd(new RegExp(` ${step} +started`), child => process.kill(child.pid ?? 0, 'SIGINT'))
      expect(result.exitCode, result.stderr).toBe(130)
      expect(result.stderr).toMatch(/ends at its next safe point/)
      expect(result.stdout).toMatch(/r\d+ serves/)
      await allAsVersion('1')
    },
    120_000,
  )

  test.each(steps)(
    'twice in %s: it leaves at once, and its guardian ends what was begun',
    async step => {
      await pulse.version(2)
      const result = await deployAnd(new RegExp(` ${step} +started`), async child => {
        // Two at the same moment are one for a process that was busy then; and soon it has ended by the first alone.
        for (let times = 0; times < 20 && child.exitCode === null; times += 1) {
          child.kill('SIGINT')
          await sleep(10)
        }
      })
      expect(result.exitCode, result.stderr).toBe(130)
      expect(result.stderr).toMatch(/Left at once/)
      expect(await pulse.settled(60_000)).toBe(true)
      await allAsVersion('1')
    },
    120_000,
  )

  test('once in the watch: it ends that, and the release stays', async () => {
    await pulse.version(1)
    await otherCode()
    const result = await deployAnd(/ watch +started/, child => process.kill(child.pid ?? 0, 'SIGINT'))
    expect(result.exitCode, result.stderr).toBe(0)
    expect(result.stderr).toMatch(/watch +done .*ended early/)
    await allAsVersion('1')
  }, 120_000)
})

describe.runIf(thorough)('Docker hangs', () => {
  test.each([/ hold +started/, / migrate +started/, / start +started/])(
    'in a hold, from %s: at its limit people are let go, that is said, and all ends old',
    async when => {
      const engine = await engineBetween(join(pulse.base, 'docker.sock'))
      pulse.variables = { DOCKER_HOST: `unix://${engine.path}` }
      await pulse.version(2)
      let heldMs = 0
      try {
        const result = await deployAnd(when, async () => {
          while ((await pulse.live()) !== 'hold') await sleep(5)
          engine.hang()
          const began = performance.now()
          while (performance.now() - began < 40_000 && (await pulse.live()) === 'hold') await sleep(100)
          heldMs = performance.now() - began
          engine.goOn()
        })
        console.log(`let go ${(heldMs / 1000).toFixed(1)} s after Docker had begun to hang`)
        expect(heldMs).toBeLessThan(30_000)
        expect(result.stderr).toMatch(/Docker does not answer since \d\d:\d\d:\d\d/)
        expect(result.stderr).toMatch(/requests go to r\d+ again/)
        expect(await pulse.settled(90_000), result.stderr).toBe(true)
        await allAsVersion('1')
      } finally {
        engine.goOn()
        pulse.variables = {}
        await engine.close()
      }
    },
    180_000,
  )
})
