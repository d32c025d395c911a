import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { inspectContainer } from '../../../packages/slipway/src/edge/docker.ts'
import { containerRoles, inspect } from '../../../packages/slipway/src/engine/containers.ts'
import { docker as looksByProgram } from '../../../packages/slipway/src/engine/docker.ts'
import { networksOfRelease } from '../../../packages/slipway/src/engine/networks.ts'
import { presentState } from '../../../packages/slipway/src/engine/present-state.ts'
import { askDocker } from '../../../packages/slipway/src/support/docker-socket.ts'
import { docker } from './lab.ts'

// What Docker's socket tells, and what its program does: the same of the same containers.
const project = `swx${randomBytes(3).toString('hex')}`
const ours = [`--label=slipway.project=${project}`, '--label=slipway.release=r1']
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-context-'))
  const host = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock'
  await docker(['--config', folder, 'context', 'create', 'other', '--docker', `host=${host}`])
  for (const name of ['a', 'b']) await docker(['network', 'create', ...ours, `${project}-${name}`])
  const sleeping = ['--network', `${project}-a`, 'redis:7-alpine', 'sleep', '600']
  const state = ['--label=slipway.role=state', '--label=slipway.state=d1', '--label=com.docker.compose.service=db']
  await docker(['run', '--detach', '--name', `${project}-db`, ...ours, ...state, ...sleeping])
  await docker(['network', 'connect', `${project}-b`, `${project}-db`])
  const check = ['--health-cmd=exit 1', '--health-interval=1s', '--health-retries=1', '--volume=/etc/hostname:/x:ro']
  await docker([
    'run',
    '--detach',
    '--name',
    `${project}-web`,
    ...ours,
    '--label=slipway.role=web',
    ...check,
    ...sleeping,
  ])
  const ended = ['--label=slipway.role=worker', 'redis:7-alpine', 'sh', '-c', 'exit 7']
  await docker(['run', '--detach', '--name', `${project}-ended`, ...ours, ...ended])
  await docker(['wait', `${project}-ended`])
})

afterEach(() => vi.unstubAllEnvs())

afterAll(async () => {
  const filter = `label=slipway.project=${project}`
  const containers = (await docker(['ps', '--all', '--quiet', '--filter', filter])).split('\n').filter(Boolean)
  await docker(['rm', '--force', '--volumes', ...containers])
  await docker(['network', 'rm', `${project}-a`, `${project}-b`])
  await rm(folder, { recursive: true })
})

/** Asked for by both, where only what goes on in containers may differ. */
async function byBoth<Told>(look: () => Promise<Told>): Promise<[socket: Told, program: Told]> {
  expect(await askDocker('/version')).toMatchObject({ kind: 'found' })
  const bySocket = await look()
  vi.stubEnv('DOCKER_CONFIG', folder)
  vi.stubEnv('DOCKER_CONTEXT', 'other')
  expect(await askDocker('/version')).toBeUndefined()
  const byProgram = await look()
  vi.unstubAllEnvs()
  return [bySocket, byProgram]
}

const filters = [`label=slipway.project=${project}`, 'label=slipway.release=r1']

test('which containers there are, and what they are for', async () => {
  const [socket, program] = await byBoth(() => containerRoles(filters))
  expect(socket.map(each => each.role).toSorted()).toEqual(['state', 'web', 'worker'])
  expect(socket).toEqual(program)
  const [none, neither] = await byBoth(() => containerRoles([...filters, 'status=paused']))
  expect([none, neither]).toEqual([[], []])
})

test('how they are, and that one is gone', async () => {
  const ids = (await containerRoles(filters)).map(each => each.id)
  while ((await inspect(ids)).every(each => each.state.health !== 'unhealthy'))
    await new Promise(resolve => setTimeout(resolve, 200))
  const [socket, program] = await byBoth(() => inspect([...ids, 'f'.repeat(64)]))
  expect(socket).toHaveLength(3)
  expect(socket).toEqual(program)
  const web = socket.find(each => each.role === 'web')
  expect(web).toMatchObject({ mounted: ['/etc/hostname'], state: { status: 'running', health: 'unhealthy' } })
  expect(socket.find(each => each.role === 'worker')?.state).toMatchObject({ status: 'exited', exitCode: 7 })
})

test('what state there is, and on which networks', async () => {
  const [socket, program] = await byBoth(() => presentState(project))
  const sorted = (told: typeof socket) => told.map(each => ({ ...each, networks: each.networks.toSorted() }))
  expect(sorted(socket)).toEqual(sorted(program))
  expect(sorted(socket)).toMatchObject([
    { service: 'db', running: true, definition: 'd1', networks: [`${project}-a`, `${project}-b`] },
  ])
})

test('the networks of a release', async () => {
  const [socket, program] = await byBoth(() => networksOfRelease({ project, id: 'r1' }))
  expect(socket.toSorted()).toEqual([`${project}-a`, `${project}-b`])
  expect(socket.toSorted()).toEqual(program.toSorted())
})

test('one container by its name, or that there is none', async () => {
  const [socket, program] = await byBoth(() => inspectContainer(`${project}-db`))
  expect(socket).toMatchObject({ running: true, labels: { 'slipway.state': 'd1' } })
  expect(socket).toEqual(program)
  expect(await byBoth(() => inspectContainer(`${project}-none`))).toEqual([undefined, undefined])
})

test('a Docker that is not there is told by its program', async () => {
  vi.stubEnv('DOCKER_HOST', `unix://${join(folder, 'none.sock')}`)
  await expect(containerRoles(filters)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
  await expect(looksByProgram(['version'])).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
})
