import type { ChildProcess } from 'node:child_process'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { startTraffic, type Traffic } from '../../traffic/traffic.mjs'
import { Pulse, type Ended } from '../soak/pulse.mjs'

/**
 * For the tests of a file: an app that is deployed once, and asked steadily, with writes. After each test it has come to
 * rest and has left nothing; after all of them no acknowledged write is lost. `pulse` is there once a test runs.
 */
export class PulseUnderTraffic {
  #pulse: Pulse | undefined
  #traffic: Traffic | undefined

  constructor(options: Parameters<typeof Pulse.create>[0]) {
    beforeAll(async () => {
      this.#pulse = await Pulse.create(options)
      await this.pulse.version(1)
      const { exitCode, stderr } = await this.pulse.slipway('deploy', 'prod')
      expect(exitCode, stderr).toBe(0)
      this.#traffic = startTraffic({
        baseUrl: this.pulse.baseUrl,
        rate: 10,
        timeoutMs: 60_000,
        writes: { path: '/notes', share: 0.4, makeBody: id => ({ id }) },
        reads: [{ path: '/health' }],
      })
    }, 120_000)

    afterEach(async () => {
      expect(await this.pulse.settled(60_000)).toBe(true)
      expect(await this.pulse.leaks()).toEqual([])
    })

    afterAll(async () => {
      await this.#traffic?.stop()
      const written = await this.#traffic?.verify('/ids')
      await this.#pulse?.destroy()
      expect(written?.lost).toBe(0)
      expect(written?.acknowledged).toBeGreaterThan(50)
    })
  }

  get pulse(): Pulse {
    if (this.#pulse === undefined) throw new Error('It is made before the first test')
    return this.#pulse
  }

  get traffic(): Traffic {
    if (this.#traffic === undefined) throw new Error('It begins before the first test')
    return this.#traffic
  }

  /** Deploys, and does something when the log says that a step is in this state. */
  async deployAnd(when: RegExp, act: (child: ChildProcess) => unknown): Promise<Ended> {
    let done: Promise<unknown> | undefined
    const { child, ended } = this.pulse.start(['deploy', 'prod'], line => {
      if (done === undefined && when.test(line)) done = Promise.resolve(act(child))
    })
    const result = await ended
    expect(done, `${when} was never seen\n${result.stderr}`).toBeDefined()
    await done
    return result
  }
}
