// Deployments under traffic whose parts are killed at moments that a seed chooses, on real parts. After each kill the
// guardian or the next command has to end the deployment: all old or all new, with nothing left over and nothing lost.
import { setTimeout as sleep } from 'node:timers/promises'
import { startTraffic } from '../../traffic/traffic.mjs'
import { Pulse } from './pulse.mjs'

/**
 * kills: how many. seed: which ones. only: this victim alone. log: gets one line a kill. docker: an OwnDocker, to be
 * killed itself.
 * more: settings of Pulse.
 * Returns how many of them ended badly in which way, and which requests failed, by what was killed.
 */
export async function runRealKills({ kills, seed, only, log = () => {}, docker, ...more }) {
  const random = randomOf(seed)
  const all = docker === undefined ? partsOfADeployment : engineAndMachine
  const victims = only === undefined ? all : [{ name: only, upTo: 1 }]
  if (!victims.every(({ name }) => all.some(each => each.name === name))) throw new Error(`nobody kills ${only}`)
  const pulse = await Pulse.create(more)
  const result = {
    kills: 0,
    mixed: 0,
    stuck: 0,
    lost: 0,
    leaks: 0,
    failedRequests: {},
    recoverySeconds: [],
    details: [],
  }
  const bad = (kind, text) => {
    result[kind] += 1
    result.details.push(`${kind}: ${text}`)
    log(`  ${kind.toUpperCase()}: ${text}`)
  }
  let traffic
  try {
    await pulse.version(1)
    await mustDeploy(pulse)
    traffic = startTraffic({
      baseUrl: pulse.baseUrl,
      rate: 40,
      timeoutMs: 120_000,
      writes: { path: '/notes', share: 0.4, makeBody: id => ({ id }) },
      reads: [{ path: '/health' }],
    })
    let now = 1
    for (let next = 2; result.kills < kills; next++) {
      const chosen = choose(random, result.kills, victims)
      const before = traffic.summary()
      const outcome = await oneKill(pulse, { ...chosen, next, docker })
      const which = `#${result.kills + 1} v${now} to v${next}, ${chosen.victim} ${outcome.moment}`
      if (!outcome.ended) bad('stuck', `${which}: not ended; ${outcome.said.slice(-600)}`)
      if (outcome.wrong !== undefined) bad('mixed', `${which}: ${outcome.wrong}`)
      const { version, problem } = await judge(pulse, now, next)
      if (problem !== undefined) bad('mixed', `${which}: ${problem}`)
      const left = await pulse.leaks()
      if (left.length > 0) bad('leaks', `${which}: ${left.join('; ')}`)
      const after = traffic.summary()
      const failed = after.failed - before.failed
      if (outcome.killed) {
        result.kills += 1
        result.failedRequests[chosen.victim] = (result.failedRequests[chosen.victim] ?? 0) + failed
        result.recoverySeconds.push(outcome.seconds)
        log(
          `${which}: v${version} by ${outcome.by} in ${outcome.seconds.toFixed(1)} s, ${failed} requests failed ${kinds(before, after)}`,
        )
      }
      now = version ?? now
      if (problem !== undefined && version === undefined) break
      if (result.kills % 10 === 0 || result.kills === kills) {
        next += 1
        await pulse.version(next, { rehearse: 'off' })
        const deployed = await pulse.slipway('deploy', 'prod')
        if (deployed.exitCode === 0) now = next
        else bad('stuck', `the next deployment ended with ${deployed.exitCode}: ${deployed.stderr.slice(-600)}`)
      }
    }
    const summary = await traffic.stop()
    const ledger = await traffic.verify('/ids')
    traffic = undefined
    result.lost = ledger.lost
    result.requests = {
      sent: summary.sent,
      failed: summary.failed,
      failures: summary.failures,
      latencyMs: summary.latencyMs,
    }
    result.acknowledged = ledger.acknowledged
    return result
  } finally {
    await traffic?.stop()
    await pulse.destroy()
  }
}

/** Steps as the plain log names them, and how long after its start or end the kill falls. */
const steps = ['preflight', 'fetch', 'backup', 'hold', 'state', 'migrate', 'start', 'gate', 'switch', 'commit', 'prune']

/** Its migration does its work and fails; then the process is stopped (kill -STOP) for some seconds. */
const wayBack = 'stopped on the way back'

const partsOfADeployment = [
  { name: 'runner', upTo: 0.4 },
  { name: 'runner and guardian', upTo: 0.58 },
  // The guardian dies while it brings things back.
  { name: 'runner, then guardian', upTo: 0.72 },
  { name: 'database', upTo: 0.82 },
  { name: 'front', upTo: 0.9 },
  { name: wayBack, upTo: 1 },
]

/** Needs a Docker daemon of our own. */
const engineAndMachine = [
  { name: 'dockerd', upTo: 0.3 },
  { name: 'machine', upTo: 0.6 },
  { name: 'dockerd stops', upTo: 0.75 },
  { name: 'runner and dockerd', upTo: 0.9 },
  { name: 'containerd', upTo: 1 },
]

function choose(random, index, victims) {
  // The first ones go through the steps in turn, so that a small sample has seen the dangerous ones.
  const first = ['migrate', 'hold', 'start', 'gate', 'switch', 'fetch', 'commit', 'backup']
  const step = first[index] ?? steps[Math.floor(random() * steps.length)]
  const draw = random()
  const victim = victims.find(each => draw < each.upTo).name
  return {
    step,
    word: random() < 0.6 ? 'started' : 'done',
    delayMs: Math.floor(random() ** 2 * 800),
    laterMs: Math.floor(random() * 2500),
    awayMs: Math.floor(1000 + random() * 5000),
    victim: index < first.length ? victims[index % Math.min(3, victims.length)].name : victim,
    by: ['resume', 'status', 'plan', 'deploy'][Math.floor(random() * 4)],
    rehearse: random() < 0.2 ? 'full' : 'off',
  }
}

async function oneKill(pulse, { victim, step, word, delayMs, laterMs, awayMs, by, rehearse, next, docker }) {
  const goesBack = victim === wayBack
  await pulse.version(next, goesBack ? { command: 'sh, -c, "node migrate.mjs && exit 1"' } : { rehearse })
  const moments = goesBack ? /^\S+ (start|migrate|state|hold|fetch) +undoing/ : new RegExp(`^\\S+ ${step} +${word}`)
  let struck = Promise.resolve()
  let seen = false
  let killedAt
  const { child, ended, said } = pulse.start(['deploy', 'prod'], line => {
    if (!seen && moments.test(line)) {
      seen = true
      struck = sleep(delayMs).then(async () => {
        if (child.exitCode !== null) return
        killedAt = performance.now()
        await strike(pulse, victim, child, { docker, awayMs })
      })
    }
  })
  const exit = await ended
  await struck
  const killed = killedAt !== undefined && (exit.signal === 'SIGKILL' || !/^(runner|machine)/.test(victim))
  const later = victim === 'runner, then guardian' ? `, ${laterMs} ms later` : ''
  const place = goesBack ? 'in an undo' : `${word === 'started' ? 'in' : 'after'} ${step}`
  const moment = `${place} + ${delayMs} ms${later}`
  let how = victim === 'runner' ? 'its guardian' : 'itself'
  let trouble = ''
  if (later !== '' && killed) {
    await sleep(laterMs)
    await killGuardian(pulse)
  }
  const wrong = victim === 'machine' && killed ? await servesByItself(pulse) : undefined
  if ((victim.endsWith('guardian') || victim === 'machine') && killed) {
    how = by
    const command = await pulse.slipway(by, 'prod')
    trouble = command.stderr
  }
  const settled = await pulse.settled(90_000)
  const seconds = killedAt === undefined ? 0 : (performance.now() - killedAt) / 1000
  return { killed, ended: settled, wrong, moment, by: how, seconds, said: said.stderr + trouble }
}

async function strike(pulse, victim, child, { docker, awayMs }) {
  if (docker !== undefined) return strikeEngine(pulse, victim, child, { docker, awayMs })
  if (victim === 'database') return pulse.killContainer(`${pulse.project}-db-1`).catch(() => undefined)
  if (victim === 'front') return pulse.killContainer(`${pulse.app}-edge`).catch(() => undefined)
  if (victim === wayBack) {
    child.kill('SIGSTOP')
    await sleep(4 * awayMs)
    return child.kill('SIGCONT')
  }
  if (victim === 'runner and guardian') await killGuardian(pulse)
  child.kill('SIGKILL')
}

async function strikeEngine(pulse, victim, child, { docker, awayMs }) {
  if (victim === 'containerd') return docker.killContainerd()
  if (victim === 'dockerd stops') {
    docker.signal('SIGSTOP')
    await sleep(4 * awayMs)
    return docker.signal('SIGCONT')
  }
  if (victim === 'machine') {
    const own = [child.pid, ...(await pulse.processes())]
    await docker.powerCut(...own)
  } else {
    if (victim === 'runner and dockerd') child.kill('SIGKILL')
    await docker.kill()
  }
  await sleep(awayMs)
  await docker.start()
}

/** Before anybody has run a command: the release that the link names answers. In a hold nobody does. */
async function servesByItself(pulse) {
  const live = await pulse.live()
  if (live === 'hold' || live === undefined) return undefined
  let answer
  for (let attempt = 0; attempt < 120; attempt++) {
    answer = await pulse.versions().catch(error => ({ web: String(error) }))
    if (/^\d+$/.test(answer.web)) return undefined
    await sleep(250)
  }
  return `after the restart ${live} does not serve by itself: ${JSON.stringify(answer)}`
}

async function killGuardian(pulse) {
  const guardian = await pulse.guardian()
  if (guardian === undefined) return
  try {
    process.kill(guardian, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}

/** One version everywhere, the old or the new one, and the history says the same. */
async function judge(pulse, old, next) {
  let seen
  // Containers that Docker has just restarted get a moment.
  for (let attempt = 0; attempt < 120; attempt++) {
    seen = await pulse.versions().catch(error => ({ web: String(error), schema: '', running: [] }))
    if (isWhole(seen)) break
    await sleep(250)
  }
  const version = Number(seen.web)
  if (!isWhole(seen)) return { version: Number.isNaN(version) ? undefined : version, problem: JSON.stringify(seen) }
  if (version !== old && version !== next) return { version, problem: `v${version} is neither` }
  // Whoever took it up by deploying may have found it deployed.
  const last = (await pulse.history()).findLast(record => record.outcome !== 'unchanged')
  const told = last?.outcome === 'deployed'
  if (told !== (version === next)) return { version, problem: `history says ${last?.outcome}, and v${version} serves` }
  return { version }
}

function isWhole({ web, schema, running }) {
  const services = running.map(each => /-(web|worker)-1$/.exec(each.name)?.[1]).sort()
  if (services.join() !== 'web,worker') return false
  return running.every(each => each.state === 'running' && each.version === web) && schema === web
}

function kinds(before, after) {
  const more = Object.entries(after.failures).map(([kind, count]) => [kind, count - (before.failures[kind] ?? 0)])
  return more
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind} x ${count}`)
    .join(', ')
}

async function mustDeploy(pulse) {
  const { exitCode, stderr } = await pulse.slipway('deploy', 'prod')
  if (exitCode !== 0) throw new Error(`the first deployment ended with ${exitCode}: ${stderr.slice(-2000)}`)
}

/** mulberry32: small, and the same everywhere. */
function randomOf(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
