// What `npm run soak` can do, one entry each: its option, how often by default, what it ran into, and how that is told.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { hasProgram } from '../../lab/process.mjs'

/**
 * option: `--<option> N`. name: its field in the JSON. usually: N when no kind is named. nothing: the result of N = 0.
 * run(N, { seed, rate, workers, only, log }): the result. bad(result): how many things went wrong. told(result): lines.
 */
export const kinds = [
  {
    option: 'simulated',
    name: 'simulated',
    usually: 1_000_000,
    nothing: { schedules: 0, violations: 0 },
    async run(simulated, { seed, workers, log }) {
      const { runSimulated } = await import('./simulated.mjs')
      return runSimulated({ simulated, seed, workers, log })
    },
    bad: ({ violations }) => violations,
    told: ({ schedules, violations }) => [`simulated: ${schedules} schedules, ${violations} violations`],
  },
  {
    option: 'several',
    name: 'several',
    usually: 50_000,
    nothing: { schedules: 0, violations: 0 },
    async run(simulated, { seed, workers, log }) {
      const { runSimulated } = await import('./simulated.mjs')
      return runSimulated({ simulated, of: 'several', seed, workers, log })
    },
    bad: ({ violations }) => violations,
    told: ({ schedules, violations }) => [
      `several servers, simulated: ${schedules} schedules, ${violations} violations`,
    ],
  },
  {
    option: 'real',
    name: 'real',
    usually: 500,
    nothing: { kills: 0, mixed: 0, stuck: 0, lost: 0, leaks: 0 },
    async run(wanted, { seed, only, log }) {
      const { runRealKills } = await import('./real-kills.mjs')
      const { kills, mixed, stuck, lost, leaks, failedRequests } = await runRealKills({
        kills: wanted,
        seed,
        only,
        log,
      })
      log(`requests failed, by what was killed: ${JSON.stringify(failedRequests)}`)
      return { kills, mixed, stuck, lost, leaks }
    },
    bad: faults,
    told: result => [`real: ${kills(result)}`],
  },
  {
    // The daemon to be killed is one of our own, in a network namespace of its own.
    option: 'daemon',
    name: 'daemon',
    usually: process.getuid?.() === 0 && ['dockerd', 'ip', 'nsenter'].every(hasProgram) ? 50 : 0,
    nothing: { kills: 0, mixed: 0, stuck: 0, lost: 0, leaks: 0 },
    async run(wanted, { seed, only, log }) {
      const { runDaemonKills } = await import('./daemon-kills.mjs')
      return runDaemonKills({ kills: wanted, seed, log, ...(only === undefined ? {} : { only }) })
    },
    bad: faults,
    told: result => [`daemon and machine: ${kills(result)}`],
  },
  {
    option: 'deployments',
    name: 'steady',
    usually: 100,
    nothing: { deployments: { good: 0, bad: 0, unexpected: 0 }, requests: 0, failed: 0, lost: 0 },
    async run(deployments, { rate, log }) {
      const { runSteady } = await import('./steady.mjs')
      return runSteady({ deployments, rate, log })
    },
    bad: ({ failed, lost, deployments }) => failed + lost + deployments.unexpected,
    told: steady,
  },
  {
    option: 'remote',
    name: 'remote',
    usually: 100,
    nothing: { deployments: 0, mixed: 0, stuck: 0, lost: 0 },
    async run(count, { seed, only, log }) {
      const { runRemote } = await import('./remote.mjs')
      const { deployments, mixed, stuck, lost, failedRequests } = await runRemote({ count, seed, only, log })
      log(`requests failed, by what was disturbed: ${JSON.stringify(failedRequests)}`)
      return { deployments, mixed, stuck, lost }
    },
    bad: ({ mixed, stuck, lost }) => mixed + stuck + lost,
    told: ({ deployments, mixed, stuck, lost }) => [
      `remote: ${deployments} disturbed deployments, ${mixed} mixed, ${stuck} stuck, ${lost} lost`,
    ],
  },
  {
    option: 'lock-outs',
    name: 'lockOuts',
    usually: 50,
    nothing: { rounds: 0, passed: true },
    run: lockOut,
    bad: ({ passed }) => (passed ? 0 : 1),
    told: ({ rounds, passed }) => [
      `lock-outs: ${rounds} set-ups that failed, ${passed ? 'nobody' : 'SOMEBODY'} locked out`,
    ],
  },
]

function faults({ mixed, stuck, lost, leaks }) {
  return mixed + stuck + lost + leaks
}

function kills({ kills: count, mixed, stuck, lost, leaks }) {
  return `${count} kills, ${mixed} mixed, ${stuck} stuck, ${lost} lost, ${leaks} leaks`
}

function steady({ deployments, requests, failed, acknowledged = 0, lost, atRest, during, withHold }) {
  const { good, bad, unexpected } = deployments
  const latency = (what, found) =>
    found === undefined
      ? []
      : [`  ${what}: ${found.requests} requests, p50 ${found.p50} ms, p99 ${found.p99} ms, max ${found.max} ms`]
  return [
    `steady: ${good} good and ${bad} bad deployments (${unexpected} unexpected), ${requests} requests, ${failed} failed, ${acknowledged} writes acknowledged, ${lost} lost`,
    ...latency('at rest', atRest),
    ...latency('in deployments', during),
    ...latency('in deployments that held requests', withHold),
  ]
}

/** Each round is a test of its own, which says by its seed how to see it again. */
async function lockOut(rounds, { seed }) {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const argv = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'containers', 'test/docker/servers/random-faults']
  const environment = { ...process.env, SLIPWAY_LOCK_OUTS: String(rounds), SLIPWAY_SEED: String(seed) }
  const child = spawn(process.execPath, argv, { cwd: root, env: environment, stdio: ['ignore', 2, 2] })
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  return { rounds, passed: code === 0 }
}
