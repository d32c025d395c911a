import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Release } from '../../../packages/slipway/src/release/model.ts'
import { run } from '../../../packages/slipway/src/support/run.ts'
import { docker, engineLab, inside, until, type EngineLab } from './lab.ts'

const roles = { api: 'web', jobs: 'worker', redis: 'state', cache: 'state' } as const
let lab: EngineLab
let r1: Release
let r2: Release

/** Answers with its release's name, so that it shows who is reached. */
const program = `
import { createServer } from 'node:http'
if (process.argv[2] === 'serve') createServer((_, response) => response.end(process.env.RELEASE)).listen(3000)
else setInterval(() => undefined, 1000)
if (process.argv[3] !== 'deaf') process.on('SIGTERM', () => process.exit(0))
`

function compose(release: string, redis = ''): string {
  return `
services:
  api:
    build: .
    command: [node, /app.mjs, serve]
    environment: { RELEASE: ${release}, PRICE: "5$$" }
    ports: ["18080:3000"]
    depends_on: { redis: { condition: service_healthy } }
    deploy: { replicas: 2 }
    networks: [default, inner]
  jobs:
    image: node:22-bookworm-slim
    command: [node, /app.mjs, work, ${release === 'r2' ? 'deaf' : 'listens'}]
    stop_grace_period: 1s
    volumes: ["./app.mjs:/app.mjs:ro"]
  redis:
    image: redis:7-alpine
    command: [redis-server, /etc/redis.conf]
    volumes: ["data:/data", "./redis.conf:/etc/redis.conf:ro"]
    healthcheck: { test: [CMD, redis-cli, ping], interval: 300ms }
    networks: { inner: { aliases: [queue] } }
    ${redis}
  cache: { image: "redis:7-alpine", depends_on: { redis: { condition: service_healthy } }, networks: [store] }
networks: { inner: { internal: true }, store: {} }
volumes: { data: {} }
`
}

const containerOf = async (service: string) =>
  docker([
    'ps',
    '--quiet',
    '--no-trunc',
    '--filter',
    `label=slipway.project=${lab.project}`,
    '--filter',
    `label=com.docker.compose.service=${service}`,
  ])

const ask = (release: Release, service: string, code: string) =>
  lab.engine.containers(release).then(all => {
    const container = all.find(each => each.service === service)
    return inside(container ?? 'missing', 'node', '-e', code)
  })

const api = 'fetch("http://api:3000").then(r => r.text()).then(console.log, e => console.log(e.cause.code))'
const redis = (host: string) =>
  `require("net").connect(6379, "${host}", function () { this.end("PING\\r\\n") }).on("data", d => console.log(String(d))).on("error", e => console.log(e.code))`

beforeAll(async () => {
  lab = await engineLab()
  await lab.write('app.mjs', program)
  await lab.write('redis.conf', 'appendonly yes\n')
  await lab.write('Dockerfile', 'FROM node:22-bookworm-slim\nCOPY app.mjs /app.mjs\n')
  await lab.write('compose.yaml', compose('r1'))
  r1 = await lab.fetch('r1', roles)
})
afterAll(() => lab.end())

describe('a release', () => {
  test('is pinned to images by id, and lies in a folder of its own', async () => {
    expect(Object.values(r1.images).every(id => /^sha256:[0-9a-f]{64}$/.test(id))).toBe(true)
    expect((await readdir(r1.directory)).sort()).toEqual(
      [
        'build.compose.json',
        'mounted',
        'release.compose.json',
        'release.json',
        'resolved.compose.json',
        'state.compose.json',
      ].sort(),
    )
    expect(r1.services.find(each => each.name === 'redis')?.dockerHealth).toBe(true)
  })

  test('made again of the same has the same fingerprints, also with a mounted file of a state service', async () => {
    const again = await lab.fetch('r9', roles)
    expect([again.fingerprint, again.stateFingerprint]).toEqual([r1.fingerprint, r1.stateFingerprint])
  })
})

describe('state services', () => {
  test('come up in their order and healthy, and are left alone the second time', async () => {
    expect(await lab.engine.stateMatches(r1)).toBe(false)
    expect((await lab.engine.ensureState(r1)).changed.sort()).toEqual(['cache', 'redis'])
    expect(await lab.engine.stateMatches(r1)).toBe(true)
    const [first, second] = [await containerOf('redis'), await containerOf('cache')]
    const started = await docker(['inspect', '--format', '{{.State.StartedAt}}', '--', first, second])
    expect(started.split('\n').toSorted()).toEqual(started.split('\n'))
    expect(await inside(first, 'redis-cli', 'set', 'kept', 'yes')).toBe('OK')

    const startedAt = performance.now()
    expect(await lab.engine.ensureState(r1)).toEqual({ changed: [] })
    expect(performance.now() - startedAt).toBeLessThan(3000)
    expect(await containerOf('redis')).toBe(first)
    expect(
      await docker(['network', 'ls', '--format', '{{.Name}}', '--filter', `name=${lab.project}-r1_`]),
    ).not.toContain('store')
  })
})

describe('two releases side by side', () => {
  test('each reaches its own services by name, and both reach the state services', async () => {
    await lab.engine.start(r1)
    await lab.write('compose.yaml', compose('r2'))
    r2 = await lab.fetch('r2', roles)
    expect(r2.fingerprint).not.toBe(r1.fingerprint)
    expect(r2.stateFingerprint).toBe(r1.stateFingerprint)
    expect(await lab.engine.ensureState(r2)).toEqual({ changed: [] })
    await lab.engine.start(r2, 'web')
    expect((await lab.engine.containers(r2)).map(each => each.service)).toEqual(['api', 'api'])
    await lab.engine.start(r2, 'worker')
    const containers = await lab.engine.containers(r2)
    expect(containers.map(each => each.service).sort()).toEqual(['api', 'api', 'jobs'])
    for (const release of [r1, r2]) {
      await until('the api answers', async () => (await ask(release, 'jobs', api)) === release.id)
      expect(new Set(await Promise.all([1, 2, 3, 4].map(() => ask(release, 'jobs', api))))).toEqual(
        new Set([release.id]),
      )
      expect(await ask(release, 'api', redis('redis'))).toBe('+PONG')
      expect(await ask(release, 'api', redis('queue'))).toBe('+PONG')
      expect(await ask(release, 'jobs', redis('redis'))).toBe('ENOTFOUND')
    }
    expect(await ask(r2, 'api', 'console.log(process.env.PRICE)')).toBe('5$')
  })

  test('the door and the database are told the networks of their own release', async () => {
    expect(await lab.engine.doorNetworks(r2)).toEqual([`${lab.project}-r2_default`])
    expect(await lab.engine.databaseNetworks(r2)).toEqual([])
    const networks = await lab.engine.databaseNetworks({ ...r2, database: 'redis' })
    expect(networks).toHaveLength(1)
    expect(networks[0]).toMatch(/^[0-9.]+\/\d+$/)
  })

  test('workers are quieted and woken, also after a stop that was cut off', async () => {
    const state = async () => (await lab.engine.containers(r1)).find(each => each.service === 'jobs')?.status
    expect(await lab.engine.quietWorkers(r1)).toEqual([])
    expect(await state()).toBe('exited')
    expect(await lab.engine.quietWorkers(r1)).toEqual([])
    await lab.engine.wakeWorkers(r1)
    expect(await state()).toBe('running')
    const container = (await lab.engine.containers(r1)).find(each => each.service === 'jobs')
    const cutOff = run('docker', ['kill', '--signal', 'TERM', container?.id ?? ''])
    await lab.engine.wakeWorkers(r1)
    await cutOff
    expect(await state()).toBe('running')
    expect(
      (await lab.engine.containers(r1)).filter(each => each.service === 'api').every(each => each.status === 'running'),
    ).toBe(true)
  })

  test('a worker that does not listen to its signal is killed after its grace period, and named once', async () => {
    expect(await lab.engine.quietWorkers(r2)).toEqual([`${lab.project}-r2-jobs-1`])
    expect(await lab.engine.quietWorkers(r2)).toEqual([])
    await lab.engine.wakeWorkers(r2)
  })

  test('state that crashed comes back by itself into both', async () => {
    await docker(['kill', await containerOf('redis')])
    expect(await lab.engine.stateMatches(r2)).toBe(false)
    expect(await lab.engine.ensureState(r2)).toEqual({ changed: ['redis'] })
    for (const release of [r1, r2]) expect(await ask(release, 'api', redis('redis'))).toBe('+PONG')
    expect(await inside(await containerOf('redis'), 'redis-cli', 'get', 'kept')).toBe('yes')
  })
})

describe('a removed release', () => {
  test('leaves no container and no network, while the other goes on', async () => {
    await lab.engine.remove(r1, 'at-once')
    await lab.engine.remove(r1, 'gracefully')
    const filter = ['--filter', `label=slipway.project=${lab.project}`, '--filter', 'label=slipway.release=r1']
    expect(await docker(['ps', '--all', '--quiet', ...filter])).toBe('')
    expect(await docker(['network', 'ls', '--quiet', ...filter])).toBe('')
    expect(await ask(r2, 'jobs', api)).toBe('r2')
    expect(await ask(r2, 'api', redis('redis'))).toBe('+PONG')
  })

  test('does not keep a state service that stood still from starting again', async () => {
    const r3 = { ...r2, id: 'r3' as const, directory: join(r2.directory, '..', 'r3') }
    await lab.fetch('r3', roles)
    await lab.engine.ensureState(r3)
    await docker(['kill', await containerOf('redis')])
    await lab.engine.remove(r3, 'gracefully')
    expect(await lab.engine.ensureState(r2)).toEqual({ changed: ['redis'] })
    expect(await ask(r2, 'api', redis('redis'))).toBe('+PONG')
  })

  test('is gone also when Compose went on with it after its runner was killed', async () => {
    const r4 = await lab.fetch('r4', roles)
    await lab.engine.ensureState(r4)
    const orphan = lab.engine.start(r4).catch(() => undefined)
    await until('the first container', async () => (await lab.engine.containers(r4)).length > 0)
    await lab.engine.remove(r4, 'at-once')
    await orphan
    await lab.engine.remove(r4, 'at-once')
    expect(await lab.engine.containers(r4)).toEqual([])
  })
})

describe('a changed definition', () => {
  test('replaces that state service alone, keeps its volume and connects it again', async () => {
    const [before, other] = [await containerOf('redis'), await containerOf('cache')]
    await lab.write('redis.conf', 'appendonly yes\nmaxmemory 32mb\n')
    const r5 = await lab.fetch('r5', roles)
    expect(await lab.engine.stateMatches(r5)).toBe(false)
    expect(await lab.engine.ensureState(r5)).toEqual({ changed: ['redis'] })
    const after = await containerOf('redis')
    expect(after).not.toBe(before)
    expect(await containerOf('cache')).toBe(other)
    expect(await inside(after, 'redis-cli', 'config', 'get', 'maxmemory')).toContain('33554432')
    expect(await inside(after, 'redis-cli', 'get', 'kept')).toBe('yes')
    expect(await lab.engine.ensureState(r2)).toEqual({ changed: ['redis'] })
    expect(await ask(r2, 'api', redis('queue'))).toBe('+PONG')
    expect(await inside(await containerOf('redis'), 'redis-cli', 'config', 'get', 'maxmemory')).not.toContain(
      '33554432',
    )
    await lab.engine.remove(r5, 'at-once')
  })

  test('that can not work says what the container says', async () => {
    await lab.write('redis.conf', 'no-such-setting 1\n')
    const r6 = await lab.fetch('r6', roles)
    const error = await lab.engine.ensureState(r6).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'START_FAILED' })
    expect(JSON.stringify((error as { output: string[] }).output)).toContain('redis | ')
    expect(await lab.engine.ensureState(r2)).toEqual({ changed: ['redis'] })
    await lab.engine.remove(r6, 'at-once')
  })
})

describe('pruning', () => {
  test('takes the images and files of releases that are not kept, and nothing of another app', async () => {
    const foreign = `slipway/${lab.project}x/api:r1`
    await docker(['image', 'tag', 'redis:7-alpine', foreign])
    const gone = await lab.engine.prune([r2])
    expect(gone).toContain(`slipway/${lab.project}/api:r1`)
    const left = await docker([
      'image',
      'ls',
      '--format',
      '{{.Repository}}:{{.Tag}}',
      '--filter',
      `reference=slipway/${lab.project}*/*`,
    ])
    const own = ['api', 'jobs', 'redis', 'cache'].map(name => `slipway/${lab.project}/${name}:r2`)
    expect(left.split('\n').sort()).toEqual([foreign, ...own].sort())
    expect(await readdir(join(lab.directory, 'releases', 'state-files'))).toHaveLength(1)
    expect(await lab.engine.stateMatches(r2)).toBe(true)
    expect(await lab.engine.prune([])).toEqual([])
  })
})
