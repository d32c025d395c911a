// Random schedules against the simulated world, dealt to one process a core.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * of: 'one' server or 'several'. Returns how many schedules were run and how many of them broke an invariant; a violation
 * is told to `log`.
 */
export async function runSimulated({ simulated, of = 'one', seed, workers, log }) {
  return withWorker(worker => simulate(worker, { simulated, of, seed, workers, log }))
}

/** Runs the one schedule that a violation has printed. */
export async function replaySchedule(schedule, log) {
  return withWorker(worker => replay(worker, schedule, log))
}

async function withWorker(act) {
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-soak-'))
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))
  return act(await bundle(scratch))
}

/** Node 20 does not run TypeScript. */
async function bundle(scratch) {
  const outfile = join(scratch, 'worker.mjs')
  await build({
    entryPoints: [fileURLToPath(new URL('../../packages/slipway/test/release/schedules/batches.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: 'inline',
    external: ['execa'],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'warning',
  })
  return outfile
}

/** Deals batches to one process a core. A batch is told again by its own seed. */
async function simulate(worker, { simulated, of, seed, workers, log }) {
  const total = { schedules: 0, violations: 0 }
  const startedAt = performance.now()
  const batches = batchesOf({ count: simulated, seed, of })
  let saidAt = startedAt
  const heard = answer => {
    total.schedules += answer.schedules
    if (answer.told !== undefined) {
      total.violations += 1
      log(answer.told)
    }
    if (performance.now() - saidAt < sayEveryMs) return
    saidAt = performance.now()
    log(
      `${total.schedules} of ${simulated} schedules, ${total.violations} violations, ${rate(total.schedules, startedAt)}`,
    )
  }
  const processes = Math.min(workers, batches.length)
  await Promise.all(Array.from({ length: processes }, () => workOff(worker, batches, heard)))
  log(`${total.schedules} schedules, ${total.violations} violations, ${rate(total.schedules, startedAt)}`)
  return total
}

function batchesOf({ count, seed, of }) {
  const batches = []
  const batchSize = batchSizes[of]
  for (let dealt = 0; dealt < count; dealt += batchSize) {
    batches.push({ of, seed: (seed + batches.length) | 0, schedules: Math.min(batchSize, count - dealt) })
  }
  return batches.reverse()
}

function workOff(worker, batches, heard) {
  return new Promise((resolve, reject) => {
    const child = fork(worker, [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: ['--enable-source-maps'],
    })
    const next = () => {
      const batch = batches.pop()
      if (batch === undefined) child.disconnect()
      else child.send(batch)
    }
    child.on('message', answer => {
      heard(answer)
      next()
    })
    child.on('error', reject)
    child.on('exit', code => (code === 0 ? resolve() : reject(new Error(`a worker ended with code ${code}`))))
    next()
  })
}

function replay(worker, schedule, log) {
  return new Promise((resolve, reject) => {
    const child = fork(worker, [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: ['--enable-source-maps'],
    })
    let found = 0
    child.on('message', ({ told, violations }) => {
      log(told)
      found = violations
      child.disconnect()
    })
    child.on('error', reject)
    child.on('exit', code => (code === 0 ? resolve(found) : reject(new Error(`the worker ended with code ${code}`))))
    child.send({ schedule })
  })
}

function rate(count, since) {
  return `${Math.round(count / ((performance.now() - since) / 1000))} a second`
}

/** One of several servers takes as long as ten of one. */
const batchSizes = { one: 500, several: 50 }
const sayEveryMs = 10_000
