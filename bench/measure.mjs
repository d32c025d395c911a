// One act under traffic, watched from outside: what its users saw of it, and when the new version first answered.
import { setTimeout as pause } from 'node:timers/promises'
import { babyTraffic, versionAt } from '../demo/project.mjs'
import { startTraffic } from '../traffic/traffic.mjs'

const before = 3_000
const after = 5_000
const pollMs = 20

/** Runs `act` while traffic flows: { result, seconds, switchedSeconds, traffic }. `version`: what answers at its end. */
export async function underTraffic({ baseUrl, rate, version, act }) {
  const traffic = startTraffic({ baseUrl, rate, ...babyTraffic })
  await pause(before)
  const began = performance.now()
  const since = () => (performance.now() - began) / 1000
  const switched = version === undefined ? undefined : answersWith(baseUrl, version, began + 180_000).then(since)
  const result = await act()
  const seconds = since()
  const switchedSeconds = await switched
  await pause(after)
  return { result, seconds, switchedSeconds, traffic: await traffic.stop() }
}

/** Resolves as soon as the app answers with the version. */
export async function answersWith(baseUrl, version, deadline = performance.now() + 180_000) {
  while (performance.now() < deadline) {
    if ((await versionAt(baseUrl, 60_000)) === version) return
    await pause(pollMs)
  }
  throw new Error(`${baseUrl} did not answer with version ${version}`)
}

export function median(values) {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)]
}
