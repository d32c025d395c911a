#!/usr/bin/env node
// npm run bench [-- --json]: the same app, releases and traffic with plain Compose and with Slipway, side by side.
// A measurement, not a test: it tells which bars were met and always exits with 0 when it could measure.
import { parseArgs } from 'node:util'
import { prepare, stopEngine } from '../scripts/prepare.mjs'
import { measureCommandLine } from './command-line.mjs'
import { measureCompose } from './compose.mjs'
import { rows } from './rows.mjs'
import { measureSlipway } from './slipway.mjs'
import { table } from './table.mjs'

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rate: { type: 'string', default: '100' } },
})
const log = line => process.stderr.write(`${line}\n`)
const rate = Number(options.rate)

const footnote = `${rate} requests a second, a third of them writes; everything on this machine, in one run.`
const cleanUps = []
const onEnd = cleanUp => cleanUps.unshift(cleanUp)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, interrupt)

try {
  const { startedEngine } = await prepare({ log })
  if (startedEngine) cleanUps.push(() => stopEngine())
  const commandLine = measureCommandLine()
  const compose = await measureCompose({ rate, log, onEnd })
  const slipway = await measureSlipway({ rate, log, onEnd })
  const measured = rows({ compose, slipway, commandLine })
  if (options.json) process.stdout.write(`${JSON.stringify({ rows: measured })}\n`)
  else process.stdout.write(`\n${table(measured)}\n\n${footnote}\n`)
} catch (error) {
  log(`The measurement failed: ${error.message}`)
  process.exitCode = 1
} finally {
  await cleanUp()
}

async function cleanUp() {
  for (const each of cleanUps.splice(0)) await each()
}

async function interrupt() {
  log('Interrupted: cleaning up ...')
  await cleanUp()
  process.exit(130)
}
