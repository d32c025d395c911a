import { expect, test } from 'vitest'
import { sample } from '../sample.ts'
import { runRealKills } from '../../soak/real-kills.mjs'

/** A sample of what the soak does a thousand times: the runner, its guardian and others are killed under traffic. */
const kills = Number(process.env['SLIPWAY_KILLS'] ?? sample(1, [2, 16]).at(-1))
const seed = Number(process.env['SLIPWAY_SEED'] ?? 4)

test(`${kills} kills: all old or all new, nothing stuck, no acknowledged write lost, nothing left over`, async () => {
  const result = await runRealKills({ kills, seed, log: line => console.log(line) })
  console.log(
    `${result.requests.sent} requests; failed, by what was killed: ${JSON.stringify(result.failedRequests)};`,
    `${result.acknowledged} writes acknowledged, ${result.lost} lost;`,
    `ended after ${result.recoverySeconds.map(seconds => seconds.toFixed(1)).join(', ')} s`,
  )
  expect(result.details).toEqual([])
  expect(result).toMatchObject({ kills, mixed: 0, stuck: 0, lost: 0, leaks: 0 })
  // Who waits in a hold waits with the guardian: the death of the runner alone fails no request.
  expect(result.failedRequests['runner'] ?? 0).toBe(0)
  expect(result.acknowledged).toBeGreaterThan(100)
}, 600_000)
