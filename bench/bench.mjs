#!/usr/bin/env node
// npm run bench [-- --json] [-- --only deployments|latency|database]: the same app, releases and traffic with plain Compose, with
// a rolling update and with Slipway, side by side; what deployments cost those who use the app; and a deployment with a
// large database.
// A measurement, not a test: it tells which bars were met and always exits with 0 when it could measure.
import { parseArgs } from 'node:util'
import { prepare, stopEngine } from '../scripts/prepare.mjs'
import { measureCommandLine } from './command-line.mjs'
import { measureCompose } from './compose.mjs'
import { measureDatabase } from './database.mjs'
import { measureLatency } from './latency.mjs'
import { measureRollout } from './rollout.mjs'
import { databaseRows, latencyRows, rolloutRows, rows } from './rows.mjs'
import { measureSlipway } from './slipway.mjs'
import { table } from './table.mjs'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rate: { type: 'string', default: '100' },
    only: { type: 'string' },
    megabytes: { type: 'string', default: '100' },
  },
})
const log = line => process.stderr.write(`${line}\n`)
const rate = Number(options.rate)

const selections = { deployments: measureDeployments, latency: measureUnderDeployments, database: measureLargeDatabase }
if (options.only !== undefined && !Object.hasOwn(selections, options.only)) {
  log(`--only takes one of ${Object.keys(selections).join(', ')}`)
  process.exit(2)
}
/** Whichever tool it is: after so long it gives up on a release that does not become healthy. */
const healthSeconds = 30

const footnote = `${rate} requests a second, a third of them writes; everything on this machine, in one run. Against: docker compose up, or the rolling update where the row says so.`
const cleanUps = []
const onEnd = cleanUp => cleanUps.unshift(cleanUp)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, interrupt)

try {
  const { startedEngine } = await prepare({ log })
  if (startedEngine) cleanUps.push(() => stopEngine())
  const measured = []
  for (const [name, measure] of Object.entries(selections)) {
    if (options.only === undefined || options.only === name) measured.push(...(await measure()))
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ rows: measured })}\n`)
  else process.stdout.write(`\n${table(measured)}\n\n${footnote}\n`)
} catch (error) {
  log(`The measurement failed: ${error.message}`)
  process.exitCode = 1
} finally {
  await cleanUp()
}

async function measureDeployments() {
  const commandLine = measureCommandLine()
  const compose = await measureCompose({ rate, log, onEnd, healthSeconds })
  const rollout = await measureRollout({ rate, log, onEnd, healthSeconds })
  const slipway = await measureSlipway({ rate, log, onEnd, healthSeconds })
  return [...rows({ compose, slipway, commandLine }), ...rolloutRows({ rollout, slipway })]
}

async function measureUnderDeployments() {
  return latencyRows(await measureLatency({ rate, log, onEnd }))
}

async function measureLargeDatabase() {
  return databaseRows(await measureDatabase({ megabytes: Number(options.megabytes), log, onEnd }))
}

async function cleanUp() {
  for (const each of cleanUps.splice(0)) await each()
}

async function interrupt() {
  log('Interrupted: cleaning up ...')
  await cleanUp()
  process.exit(130)
}
