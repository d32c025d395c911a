import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTraffic, type Traffic } from '../../../traffic/traffic.mjs'
import { Project } from '../project.ts'
import { sample } from '../sample.ts'

/**
 * Good and bad ones mixed; each is made over v2, so that code and schema differ from one to the next. Those of
 * a short run end in every way there is.
 */
const deployments = sample<{ release: string; ends: string }>(6, [
  { release: 'v2', ends: 'deployed' },
  { release: 'code-only', ends: 'deployed' },
  { release: 'code-only', ends: 'unchanged' },
  { release: 'does-not-build', ends: 'failed' },
  { release: 'exits-at-once', ends: 'rolled-back' },
  { release: 'migration-fails-half-way', ends: 'rolled-back' },
  { release: 'rollback', ends: 'deployed' },
  { release: 'migration-lies', ends: 'rolled-back' },
  { release: 'health-500', ends: 'rolled-back' },
  { release: 'code-only', ends: 'deployed' },
  { release: 'v3', ends: 'rolled-back' },
  { release: 'rollback', ends: 'deployed' },
  { release: 'crash-loop', ends: 'rolled-back' },
  { release: 'code-only', ends: 'deployed' },
  { release: 'v2', ends: 'deployed' },
  { release: 'exits-at-once', ends: 'rolled-back' },
  { release: 'code-only', ends: 'deployed' },
  { release: 'migration-fails-half-way', ends: 'rolled-back' },
  { release: 'v2', ends: 'deployed' },
  { release: 'code-only', ends: 'deployed' },
  { release: 'rollback', ends: 'deployed' },
])
const rate = 100

let project: Project
let traffic: Traffic

beforeAll(async () => {
  project = await Project.create({ deadline: '4s', extra: 'rehearse: off' })
  await project.release('v1')
  const { record, stderr } = await project.deploy()
  expect(record?.outcome, stderr).toBe('deployed')
})

afterAll(async () => {
  await traffic.stop()
  await project.destroy()
})

test(`${deployments.length} deployments, good and bad, under ${rate} requests a second with writes: none fails, no acknowledged write is lost`, async () => {
  const known = await writeOne()
  traffic = startTraffic({
    baseUrl: project.baseUrl,
    rate,
    timeoutMs: 60_000,
    writes: { path: '/api/v1/feedings', share: 0.3, makeBody: id => ({ id, babyName: 'Ada', amountMl: 90 }) },
    // Not its health: that says 503, and rightly, whenever a busy disk keeps the database from answering for a second.
    reads: [{ path: `/api/v1/feedings/${known}`, check: body => (body as { id?: unknown }).id === known }],
  })
  for (const [index, { release, ends }] of deployments.entries()) {
    const which = `deployment ${index + 1}, ${release}`
    if (release !== 'rollback') await project.release(release, over(release))
    const result = release === 'rollback' ? await project.rollback() : await project.deploy()
    expect(result.record?.outcome, `${which}\n${result.stderr}`).toBe(ends)
    expect(traffic.summary().firstFailures, `${which}\n${result.stderr}`).toEqual([])
  }
  const summary = await traffic.stop()
  const { acknowledged, lost } = await traffic.verify('/api/v1/feedings/ids')
  console.log(
    `${summary.sent} requests, ${summary.failed} failed; ${acknowledged} writes acknowledged, ${lost} lost`,
    summary.latencyMs,
  )
  expect(summary.failed).toBe(0)
  expect(lost).toBe(0)
  expect(summary.sent).toBeGreaterThan(rate * deployments.length)
  expect(acknowledged).toBeGreaterThan(1000)
  const { containers, networks } = await project.leftovers()
  expect(containers.filter(name => !name.includes('-db-'))).toHaveLength(2)
  expect(networks).toHaveLength(1)
}, 600_000)

async function writeOne(): Promise<string> {
  const id = randomUUID()
  const { status } = await fetch(`${project.baseUrl}/api/v1/feedings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, babyName: 'Ada', amountMl: 90 }),
  })
  expect(status).toBe(201)
  return id
}

/** These bring their own base; the others go over v2, whose migration stays applied. */
function over(release: string): string | undefined {
  return ['v2', 'v3', 'migration-fails-half-way', 'migration-lies'].includes(release) ? undefined : 'v2'
}
