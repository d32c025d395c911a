#!/usr/bin/env node
// npm run soak [-- --simulated N --real M --remote L --lock-outs K --seed S --json]: random schedules against the
// simulated world, real kills, deployments over SSH that are disturbed, and set-ups of a server that fail at random.
import { fork, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../', import.meta.url))
const log = line => process.stderr.write(`${line}\n`)

async function main() {
  const wanted = options()
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-soak-'))
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))
  const worker = await bundle(scratch)
  if (wanted.schedule !== undefined) return replay(worker, wanted.schedule)
  log(`seed ${wanted.seed}`)
  const simulated = await simulate(worker, wanted)
  const real = await kill(wanted)
  const remote = await deploy(wanted)
  const lockOuts = await lockOut(wanted)
  if (wanted.json) process.stdout.write(`${JSON.stringify({ seed: wanted.seed, simulated, real, remote, lockOuts })}\n`)
  else log(told(simulated, real, remote))
  const { kills: _kills, ...faults } = real
  const { deployments: _deployments, ...others } = remote
  const counts = [simulated.violations, ...Object.values(faults), ...Object.values(others)]
  process.exitCode = lockOuts.passed && counts.every(count => count === 0) ? 0 : 1
}

/** Node 20 does not run TypeScript. The names of functions stay, so that a stack tells where it was. */
async function bundle(scratch) {
  const outfile = join(scratch, 'worker.mjs')
  await build({
    entryPoints: [fileURLToPath(new URL('../packages/slipway/test/release/schedules/batches.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    keepNames: true,
    sourcemap: 'inline',
    external: ['execa'],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'warning',
  })
  return outfile
}

/** Deals batches to one process a core. A batch is told again by its own seed. */
async function simulate(worker, { simulated, seed, workers }) {
  const total = { schedules: 0, violations: 0 }
  if (simulated === 0) return total
  const startedAt = performance.now()
  const batches = batchesOf(simulated, seed)
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

function batchesOf(count, seed) {
  const batches = []
  for (let dealt = 0; dealt < count; dealt += batchSize) {
    batches.push({ seed: (seed + batches.length) | 0, schedules: Math.min(batchSize, count - dealt) })
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

function replay(worker, schedule) {
  return new Promise((resolve, reject) => {
    const child = fork(worker, [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: ['--enable-source-maps'],
    })
    child.on('message', ({ told, violations }) => {
      log(told)
      process.exitCode = violations > 0 ? 1 : 0
      child.disconnect()
    })
    child.on('error', reject)
    child.on('exit', code => (code === 0 ? resolve() : reject(new Error(`the worker ended with code ${code}`))))
    child.send({ schedule })
  })
}

async function kill({ real, seed }) {
  if (real === 0) return { kills: 0, mixed: 0, stuck: 0, lost: 0, leaks: 0 }
  const { runRealKills } = await import('../test/soak/real-kills.mjs')
  const { kills, mixed, stuck, lost, leaks } = await runRealKills({ kills: real, seed, log })
  return { kills, mixed, stuck, lost, leaks }
}

async function deploy({ remote, seed, only }) {
  if (remote === 0) return { deployments: 0, mixed: 0, stuck: 0, lost: 0 }
  const { runRemote } = await import('../test/soak/remote.mjs')
  const { deployments, mixed, stuck, lost, failedRequests } = await runRemote({ count: remote, seed, only, log })
  log(`requests failed, by what was disturbed: ${JSON.stringify(failedRequests)}`)
  return { deployments, mixed, stuck, lost }
}

/** Each round is a test of its own, which says by its seed how to see it again. */
async function lockOut({ lockOuts, seed }) {
  if (lockOuts === 0) return { rounds: 0, passed: true }
  const argv = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'containers', 'test/docker/servers/random-faults']
  const environment = { ...process.env, SLIPWAY_LOCK_OUTS: String(lockOuts), SLIPWAY_SEED: String(seed) }
  const child = spawn(process.execPath, argv, { cwd: root, env: environment, stdio: ['ignore', 2, 2] })
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  return { rounds: lockOuts, passed: code === 0 }
}

function told(simulated, real, remote) {
  return [
    `simulated: ${simulated.schedules} schedules, ${simulated.violations} violations`,
    `real: ${real.kills} kills, ${real.mixed} mixed, ${real.stuck} stuck, ${real.lost} lost, ${real.leaks} leaks`,
    `remote: ${remote.deployments} disturbed deployments, ${remote.mixed} mixed, ${remote.stuck} stuck, ${remote.lost} lost`,
  ].join('\n')
}

function rate(count, since) {
  return `${Math.round(count / ((performance.now() - since) / 1000))} a second`
}

function options() {
  const { values } = parse()
  const wanted = {
    simulated: whole(values, 'simulated'),
    real: whole(values, 'real'),
    remote: whole(values, 'remote'),
    only: values.only,
    lockOuts: whole(values, 'lock-outs'),
    seed: whole(values, 'seed') % 2 ** 31,
    workers: Math.max(1, whole(values, 'workers')),
    json: values.json,
  }
  return values.schedule === undefined ? wanted : { ...wanted, schedule: scheduleOf(values.schedule) }
}

function parse() {
  try {
    return parseArgs({
      options: {
        simulated: { type: 'string', default: '1000000' },
        real: { type: 'string', default: '500' },
        remote: { type: 'string', default: '100' },
        only: { type: 'string' },
        'lock-outs': { type: 'string', default: '50' },
        seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
        workers: { type: 'string', default: String(availableParallelism()) },
        schedule: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    return refuse(error.message)
  }
}

function whole(values, name) {
  const number = Number(values[name])
  return /^\d+$/.test(values[name]) && Number.isSafeInteger(number)
    ? number
    : refuse(`--${name} takes a whole number, not ${values[name]}`)
}

function scheduleOf(text) {
  try {
    return JSON.parse(text)
  } catch {
    return refuse('--schedule takes the JSON that a violation prints')
  }
}

function refuse(why) {
  log(why)
  process.exit(2)
}

const batchSize = 500
const sayEveryMs = 10_000

await main()
