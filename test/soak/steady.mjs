// Many deployments, half of them bad, under traffic that never pauses: what its users saw of them.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createProject, idsPath } from '../../demo/project.mjs'
import { startTraffic } from '../../traffic/traffic.mjs'
import { Latencies } from './latencies.mjs'

/**
 * deployments: how many. rate: requests a second, a third of them writes. log: gets one line a deployment.
 * during: latencies of deployments in which nobody was held; withHold: of those in which people waited on purpose.
 */
export async function runSteady({ deployments, rate, log = () => {} }) {
  const project = await createProject('soak', { healthDeadline: '6s' })
  const latencies = new Latencies()
  const outcome = { good: 0, bad: 0, unexpected: 0 }
  let traffic
  try {
    const first = await expectOutcome(project, { release: 'v2', ends: ['deployed'] }, [])
    if (first.problem !== undefined) throw new Error(`the first deployment ${first.problem}`)
    traffic = startTraffic({
      baseUrl: project.baseUrl,
      rate,
      timeoutMs: 60_000,
      writes: { path: '/api/v1/feedings', share: 1 / 3, makeBody: id => ({ id, babyName: 'Ada', amountMl: 90 }) },
      reads: [{ path: '/api/v1/health', check: body => body.status === 'ok' }],
      heard: answer => latencies.heard(answer),
    })
    // What the app and the client do once, at their start, is neither rest nor deployment.
    await sleep(settlingMs)
    const migrations = []
    for (let index = 0; index < deployments; index += 1) {
      const from = performance.now()
      await sleep(restMs)
      const began = performance.now()
      latencies.window('atRest', from, began)
      const wanted = choose(index)
      const before = traffic.summary()
      const { record, problem } = await expectOutcome(project, wanted, migrations)
      if (problem === undefined) outcome[wanted.ends.includes('deployed') ? 'good' : 'bad'] += 1
      else outcome.unexpected += 1
      // What it stops in the background still counts as its doing.
      await sleep(afterMs)
      latencies.window(record?.heldMs === undefined ? 'during' : 'withHold', began, performance.now())
      log(line({ index, wanted, record, problem, failed: traffic.summary().failed - before.failed }))
    }
    const summary = await traffic.stop()
    const { acknowledged, lost } = await traffic.verify(idsPath)
    traffic = undefined
    const { sent, failed, failures, latestStartMs } = summary
    const requests = { requests: sent, failed, failures, acknowledged, lost, latestStartMs }
    return { deployments: outcome, ...requests, ...latencies.summary() }
  } finally {
    await traffic?.stop()
    await project.remove()
  }
}

const settlingMs = 10_000
const restMs = 4000
const afterMs = 1000

/** In turn, so that a short run has seen much: a bad one after each good one. All stand over v2. */
const good = [
  { release: 'code-only' },
  { release: 'v2', migrates: true },
  { release: 'code-only' },
  { release: 'rollback' },
  { release: 'code-only', migrates: true, rehearse: 'off' },
  { release: 'v2' },
]
const bad = [
  { release: 'crash-loop' },
  { release: 'does-not-build' },
  { release: 'exits-at-once' },
  { release: 'migration-fails-half-way' },
  { release: 'health-500' },
  { release: 'migration-lies', rehearse: 'off' },
  { release: 'exits-at-once', migrates: true },
  { release: 'v3' },
]

function choose(index) {
  const turn = Math.floor(index / 2)
  if (index % 2 === 0) return { ...good[turn % good.length], ends: ['deployed'] }
  return { ...bad[turn % bad.length], ends: ['rolled-back', 'failed'] }
}

async function expectOutcome(project, { release, migrates = false, rehearse, ends }, migrations) {
  const added = migrates ? [...migrations, `20260302${String(migrations.length).padStart(6, '0')}_soak`] : migrations
  if (release !== 'rollback') {
    const over = bringsItsBase.has(release) ? {} : { over: 'v2' }
    project.write(release, { ...over, ...(rehearse === undefined ? {} : { rehearse }) })
    for (const name of added) writeMigration(project, name)
  }
  const { exitCode, result, error } = await project.json([release === 'rollback' ? 'rollback' : 'deploy'])
  if (result?.outcome === 'deployed' && migrates) migrations.push(added.at(-1))
  if (ends.includes(result?.outcome)) return { record: result }
  const found = result === undefined ? error?.message : `${result.outcome}: ${result.failure?.message ?? ''}`
  return { record: result, problem: `ended with ${exitCode}, ${found}; expected ${ends.join(' or ')}` }
}

const bringsItsBase = new Set(['v2', 'v3', 'migration-fails-half-way', 'migration-lies'])

/** Old code lives with it: whether requests are held is a matter of the rehearsal alone. */
function writeMigration(project, name) {
  const folder = join(project.directory, 'apps/api/prisma/migrations', name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'migration.sql'), `ALTER TABLE "feedings" ADD COLUMN "soak_${name.slice(8, 14)}" text;\n`)
}

function line({ index, wanted, record, problem, failed }) {
  const how = [wanted.migrates ? 'migrates' : '', wanted.rehearse === 'off' ? 'not rehearsed' : ''].filter(Boolean)
  const held = record?.heldMs === undefined ? '' : `, held for ${(record.heldMs / 1000).toFixed(1)} s`
  const what = [wanted.release, ...how].join(', ')
  const end = problem ?? `${record.outcome} after ${record.seconds.toFixed(1)} s${held}`
  return `#${index + 1} ${what}: ${end}; ${failed} requests failed`
}
