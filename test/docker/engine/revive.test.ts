import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Release } from '../../../packages/slipway/src/release/model.ts'
import { docker, engineLab, type EngineLab } from './lab.ts'

/** Containers that Docker takes for stopped by a person, as it does after it has died: `docker stop` makes the same of them. */
const roles = { api: 'web', jobs: 'worker', redis: 'state', spare: 'state' } as const
let lab: EngineLab
let release: Release

beforeAll(async () => {
  lab = await engineLab()
  const forever = 'setInterval(() => undefined, 1000); process.on("SIGTERM", () => process.exit(0))'
  const app = { image: 'node:22-bookworm-slim', command: ['node', '-e', forever], restart: 'unless-stopped' }
  const state = { image: 'redis:7-alpine', restart: 'unless-stopped' }
  const healthcheck = { test: ['CMD', 'redis-cli', 'ping'], interval: '500ms' }
  const services = { api: app, jobs: app, redis: { ...state, healthcheck }, spare: state }
  await lab.write('compose.yaml', JSON.stringify({ services }))
  release = await lab.fetch('r1', roles)
  await lab.engine.ensureState(release)
  await lab.engine.start(release)
})

afterAll(() => lab.end())

async function ids(...services: string[]): Promise<string[]> {
  const found = await Promise.all(
    services.map(service =>
      docker([
        ...['ps', '--all', '--quiet', '--filter', `label=slipway.project=${lab.project}`],
        ...['--filter', `label=com.docker.compose.service=${service}`],
      ]),
    ),
  )
  return found
}

async function states(...services: string[]): Promise<string[]> {
  const format = '{{.State.Status}}{{with .State.Health}} {{.Status}}{{end}}'
  return (await docker(['inspect', '--format', format, ...(await ids(...services))])).split('\n')
}

test('what has stopped since a moment is started again, databases first; what had stopped before, is not', async () => {
  await docker(['stop', ...(await ids('spare'))])
  await new Promise(resolve => setTimeout(resolve, 1100))
  const since = new Date()
  await docker(['stop', ...(await ids('api', 'jobs', 'redis'))])
  const revived = await lab.engine.revive?.(release, ['web'], since)
  expect(revived?.map(name => name.replace(/.*-(\w+)-\d+$/, '$1'))).toEqual(['redis', 'api'])
  expect(await states('redis', 'api')).toEqual(['running healthy', 'running'])
  expect(await states('jobs', 'spare')).toEqual(['exited', 'exited'])
  expect(await lab.engine.revive?.(release, ['web', 'worker'], since)).toHaveLength(1)
  expect(await lab.engine.revive?.(release, ['web', 'worker'], since)).toEqual([])
})
