// The worker touches a file with every round; `node heartbeat.mjs check` fails when it has not done so lately.
import { statSync, writeFileSync } from 'node:fs'

const file = '/tmp/heartbeat'
const stale = 5_000

export const beat = () => writeFileSync(file, '')

if (process.argv[2] === 'check') {
  try {
    process.exitCode = Date.now() - statSync(file).mtimeMs < stale ? 0 : 1
  } catch {
    process.exitCode = 1
  }
}
