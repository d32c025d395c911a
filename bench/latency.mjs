// What deployments of all kinds cost those who use the app meanwhile: every request of ten of them, beside every request
// at rest, in one run. Deployments that hold requests are not among them: there it is waiting that is measured.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { babyTraffic, createProject } from '../demo/project.mjs'
import { startTraffic } from '../traffic/traffic.mjs'
import { expectOutcome } from './slipway.mjs'

const restMs = 4_000
/** What a deployment has still in its wake: pages to write, containers that end. */
const settleMs = 1_000

/** onEnd(cleanUp): is called with what removes everything again. */
export async function measureLatency({ rate, log, onEnd }) {
  const project = await createProject('bench', { healthDeadline: '8s', warm: '60s' })
  onEnd(() => project.remove())
  log('Slipway: first deployment')
  project.write('v2')
  expectOutcome(await project.json(['deploy']), 'deployed')

  const answers = []
  const traffic = startTraffic({
    baseUrl: project.baseUrl,
    rate,
    ...babyTraffic,
    heard: answer => answers.push(answer),
  })
  const rests = []
  const deployments = []
  await pause(settleMs)
  for (const { name, write, words = ['deploy'], outcome = 'deployed' } of deploymentsOf(project)) {
    rests.push(await span(() => pause(restMs)))
    log(`Slipway under traffic: ${name}`)
    write?.()
    const during = await span(async () => expectOutcome(await project.json(words), outcome))
    deployments.push({ name, ...during, ...summary(answers, [during]) })
    await pause(settleMs)
  }
  rests.push(await span(() => pause(restMs)))
  const { failed, latestStartMs } = await traffic.stop()
  return { failed, latestStartMs, rest: summary(answers, rests), during: summary(answers, deployments), deployments }
}

/** All kinds, in an order in which each is what its name says. */
function deploymentsOf(project) {
  const migrations = []
  const code = release => () => {
    project.write(release, release === 'v2' ? {} : { over: 'v2' })
    writeMigrations(project, migrations)
  }
  const migration = release => () => {
    migrations.push(migrations.length + 1)
    code(release)()
  }
  return [
    { name: 'code only', write: code('code-only') },
    { name: 'code only', write: code('v2') },
    { name: 'crash loop', write: code('crash-loop'), outcome: 'rolled-back' },
    { name: 'with a migration', write: migration('code-only') },
    { name: 'rollback', words: ['rollback'] },
    { name: 'code only', write: code('code-only') },
    { name: 'never healthy', write: code('health-500'), outcome: 'rolled-back' },
    { name: 'with a migration', write: migration('v2') },
    { name: 'code only', write: code('code-only') },
    { name: 'rollback', words: ['rollback'] },
  ]
}

function writeMigrations(project, numbers) {
  for (const number of numbers) {
    const folder = join(project.directory, 'apps/api/prisma/migrations', `2026030200000${number}_bench`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'migration.sql'), `ALTER TABLE "feedings" ADD COLUMN "bench_${number}" text;\n`)
  }
}

async function span(act) {
  const from = performance.now()
  await act()
  return { from, to: performance.now() }
}

/** Of the requests that were due in one of the spans; one that failed counts as the slowest. */
function summary(answers, spans) {
  const inside = answers.filter(({ dueAt }) => spans.some(({ from, to }) => dueAt >= from && dueAt < to))
  const sorted = inside
    .map(({ ok, milliseconds }) => (ok ? milliseconds : Number.POSITIVE_INFINITY))
    .sort((a, b) => a - b)
  const at = share => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { requests: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
}
