// How much longer `slipway --version` takes than a Node that does nothing.
import { spawnSync } from 'node:child_process'
import { cli } from '../scripts/prepare.mjs'
import { median } from './measure.mjs'

const rounds = 15

export function measureCommandLine() {
  const times = { node: [], slipway: [] }
  // In turn, so that whatever else the machine does hits both alike.
  for (let round = 0; round < rounds; round += 1) {
    times.node.push(milliseconds(['-e', '']))
    times.slipway.push(milliseconds([cli, '--version']))
  }
  return { node: median(times.node), slipway: median(times.slipway) }
}

function milliseconds(words) {
  const began = performance.now()
  const { status } = spawnSync(process.execPath, words, { stdio: 'ignore' })
  if (status !== 0) throw new Error(`node ${words.join(' ')} ended with ${status}`)
  return performance.now() - began
}
