// Deployments to a server of the lab over SSH, each disturbed at random: whatever dies, all is old or all is new, the
// deployment has an end that `slipway attach` tells, and the next one works.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTraffic } from '../../traffic/traffic.mjs'
import { PulseOnServer } from './pulse-on-server.mjs'

/**
 * count: how many deployments. seed: which disturbances. only: one kind of them.
 * Returns how many ended badly in which way, and which requests failed, by what was disturbed.
 */
export async function runRemote({ count, seed, only, log = () => {} }) {
  const random = randomOf(seed)
  const pulse = await PulseOnServer.create({
    name: `soak-${randomBytes(3).toString('hex')}`,
    rehearse: 'off',
    watch: 'off',
  })
  const result = { deployments: 0, mixed: 0, stuck: 0, lost: 0, failedRequests: {}, details: [] }
  const bad = (kind, detail) => {
    result[kind] += 1
    result.details.push(`${kind}: ${detail}`)
    log(`${kind}: ${detail}`)
  }
  let traffic
  try {
    await pulse.version(1)
    const first = await pulse.slipway('deploy', 'prod')
    if (first.exitCode !== 0) throw new Error(`the first deployment ended with ${first.exitCode}: ${first.stderr}`)
    traffic = startTraffic({
      baseUrl: pulse.baseUrl,
      rate: 20,
      timeoutMs: 120_000,
      writes: { path: '/notes', share: 0.4, makeBody: id => ({ id }) },
      reads: [{ path: '/health' }],
    })
    let now = 1
    for (let next = 2; result.deployments < count; next++) {
      const wanted = only?.split(',') ?? kinds
      const kind =
        only === undefined ? wanted[Math.floor(random() * wanted.length)] : wanted[result.deployments % wanted.length]
      const moment = { step: steps[Math.floor(random() * steps.length)], delayMs: Math.floor(random() ** 2 * 900) }
      const before = traffic.summary().failed
      const which = `#${result.deployments + 1} v${now} to v${next}, ${kind} in ${moment.step} + ${moment.delayMs} ms`
      const outcome = await disturbed(pulse, { kind, ...moment, next })
      if (outcome.end === undefined) bad('stuck', `${which}: ${outcome.said.slice(-1500)}`)
      const found = await judged(pulse)
      const version = Number(found.versions[0])
      if (found.versions.length !== 1 || ![now, next].includes(version)) bad('mixed', `${which}: ${found.told}`)
      const failed = traffic.summary().failed - before
      result.failedRequests[kind] = (result.failedRequests[kind] ?? 0) + failed
      result.deployments += 1
      log(
        `${which}: ${outcome.end ?? 'no end'}, v${version}, told after ${outcome.seconds.toFixed(1)} s, ${failed} requests failed`,
      )
      if (found.versions.length !== 1) break
      now = version
    }
    await pulse.version(1000)
    const last = await pulse.slipway('deploy', 'prod')
    if (last.exitCode !== 0)
      bad('stuck', `the last deployment ended with ${last.exitCode}: ${last.stderr.slice(-1000)}`)
    await traffic.stop()
    result.lost = (await traffic.verify('/ids')).lost
    traffic = undefined
    return result
  } finally {
    await traffic?.stop()
    await pulse.destroy()
  }
}

const kinds = ['laptop', 'connection', 'network', 'worker', 'runner', 'engine', 'power']
const steps = ['preflight', 'fetch', 'backup', 'hold', 'state', 'migrate', 'start', 'gate', 'switch', 'commit', 'prune']

async function disturbed(pulse, { kind, step, delayMs, next }) {
  await pulse.version(next)
  let struck = Promise.resolve()
  let seen = false
  const laptop = pulse.start(['deploy', 'prod', '--json'], line => {
    if (!seen && new RegExp(`^\\S+ ${step} +started`).test(line)) {
      seen = true
      struck = sleep(delayMs).then(() => disturbances[kind](pulse, laptop.child))
    }
  })
  const ended = await laptop.ended
  const since = performance.now()
  await struck
  const seconds = () => (performance.now() - since) / 1000
  const told = endIn(ended.stdout)
  if (told !== undefined) return { end: told, seconds: seconds(), said: '' }
  let said = ended.stderr
  for (let tries = 0; tries < 12; tries++) {
    const again = await pulse.slipway('attach', 'prod', '--json')
    said = `${again.stdout.slice(-600)}\n${again.stderr.slice(-600)}`
    const end = endIn(again.stdout)
    if (end !== undefined) return { end, seconds: seconds(), said }
    await sleep(3000)
  }
  return { end: undefined, seconds: seconds(), said }
}

/** How the deployment ended, when the document says so; an answer that only says the server is away does not. */
function endIn(stdout) {
  try {
    const { result, error } = JSON.parse(stdout)
    if (result !== undefined) return result.outcome
    return ['RUNNER_FAILED'].includes(error.code) ? error.code : undefined
  } catch {
    return undefined
  }
}

const disturbances = {
  laptop: async (_pulse, child) => void child.kill('SIGKILL'),
  connection: pulse => pulse.server.inside(['pkill', '-KILL', '-u', 'deploy', 'sshd']),
  network: async pulse => {
    const rule = ['INPUT', '-p', 'tcp', '--dport', '22', '-j', 'DROP']
    await pulse.inside('iptables', '-I', ...rule)
    await sleep(40_000)
    await pulse.inside('iptables', '-D', ...rule)
  },
  worker: pulse => pulse.server.inside(['pkill', '-KILL', '-f', '__work']),
  runner: async pulse => {
    const name = (await pulse.runners())
      .filter(line => / Up /.test(line))
      .at(-1)
      ?.split(' ')[0]
    if (name === undefined) return
    const pid = (await pulse.inside('docker', 'inspect', '--format', '{{.State.Pid}}', name)).trim()
    await pulse.server.inside(['kill', '-KILL', pid])
  },
  engine: pulse => pulse.server.inside(['systemctl', 'restart', 'docker']),
  power: pulse => pulse.server.crash(),
}

/** The versions of the web, the schema and all containers, as soon as the app answers. */
async function judged(pulse) {
  let told = ''
  for (let tries = 0; tries < 60; tries++) {
    const found = await pulse.versions().catch(error => ({ web: error.message, schema: '', running: [] }))
    told = JSON.stringify(found)
    const versions = [...new Set([found.web, found.schema, ...found.running.map(each => each.version)])]
    if (versions.every(version => /^\d+$/.test(version))) return { versions, told }
    await sleep(500)
  }
  return { versions: [], told }
}

function randomOf(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
