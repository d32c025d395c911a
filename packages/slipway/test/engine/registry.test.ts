import { describe, expect, test } from 'vitest'
import { isBuilt } from '../../src/engine/build-document.ts'
import { tagsToResolve, withImages, withResolvedTags } from '../../src/engine/pinned-document.ts'
import { digestIn, loginsFor } from '../../src/engine/registry.ts'
import { registryFailure } from '../../src/engine/registry-failure.ts'
import { loginArgv, withoutStores } from '../../src/engine/registry-login.ts'
import type { ReleaseService } from '../../src/release/model.ts'

const digest = (byte: string) => `sha256:${byte.repeat(32)}`
const service = (name: string, role: ReleaseService['role']): ReleaseService => ({
  name,
  role,
  hosts: [],
  health: { intervalMs: 1, deadlineMs: 1, timeoutMs: 1 },
  replicas: 1,
  dockerHealth: false,
})
const services = [service('api', 'web'), service('worker', 'worker'), service('db', 'state'), service('built', 'web')]
const document = {
  services: {
    api: { image: 'ghcr.io/shop/api:1' },
    worker: { image: 'quay.io/shop/worker:1' },
    db: { image: 'ghcr.io/shop/postgres:16' },
    built: { image: 'ghcr.io/shop/built:1', build: { context: '.' } },
  },
}

describe('tags', () => {
  test('of what is deployed anew are looked up, in the registries that are named', () => {
    expect(tagsToResolve(document, services, ['ghcr.io'])).toEqual(['ghcr.io/shop/api:1'])
    expect(tagsToResolve(document, services, [])).toEqual([])
  })

  test('are replaced where they were looked up, and nowhere else', () => {
    const pinned = `ghcr.io/shop/api@${digest('0a')}`
    const found = withResolvedTags(document, services, {
      'ghcr.io/shop/api:1': pinned,
      'ghcr.io/shop/postgres:16': 'x',
    })
    expect(found.services).toEqual({ ...document.services, api: { image: pinned } })
  })

  test('a digest is not built, whatever else the service has', () => {
    expect(isBuilt({ build: {}, image: 'a:1' })).toBe(true)
    expect(isBuilt({ build: {} })).toBe(true)
    expect(isBuilt({ image: 'a:1' })).toBe(false)
    expect(isBuilt({ build: {}, image: `a@${digest('0a')}` })).toBe(false)
    const given = withImages(document, { built: `a@${digest('0a')}`, toString: 'x' })
    expect(isBuilt(given.services['built'] ?? {})).toBe(false)
    expect(Object.keys(given.services)).toEqual(Object.keys(document.services))
  })
})

describe('the digest of an image', () => {
  test('is the one in the repository that is named', () => {
    const known = [`docker.io/library/redis@${digest('0a')}`, `ghcr.io/copy/redis@${digest('0b')}`]
    expect(digestIn('redis:7', known)).toBe(known[0])
    expect(digestIn('ghcr.io/copy/redis', known)).toBe(known[1])
    expect(digestIn('ghcr.io/copy/red', known)).toBeUndefined()
    expect(digestIn(`redis@${digest('0c')}`, known)).toBe(`docker.io/library/redis@${digest('0c')}`)
  })
})

describe('logging in', () => {
  const logins = [
    { registry: 'ghcr.io', user: 'bot', password: 'secret-one' },
    { registry: 'docker.io', user: 'me', password: 'secret-two' },
  ]

  test('is only for the registries in question, and shows no password', () => {
    expect(loginsFor(['redis:7', 'quay.io/a/b'], logins).map(each => each.registry)).toEqual(['docker.io'])
    expect(logins.map(loginArgv)).toEqual([
      ['login', '--username=bot', '--password-stdin', 'ghcr.io'],
      ['login', '--username=me', '--password-stdin'],
    ])
  })

  test('hands no password to a program that would keep it, and leaves other logins', () => {
    const usual = {
      credsStore: 'desktop',
      credHelpers: { 'ghcr.io': 'a', 'quay.io': 'b' },
      auths: { 'ghcr.io': { auth: 'eA==' }, 'quay.io': { auth: 'eQ==' } },
      currentContext: 'far',
    }
    expect(withoutStores(JSON.stringify(usual), logins)).toEqual({
      credHelpers: { 'quay.io': 'b' },
      auths: { 'quay.io': { auth: 'eQ==' } },
      currentContext: 'far',
    })
    for (const rubbish of ['', '{', 'null', '[1', '"x"']) {
      expect(withoutStores(rubbish, logins)).toMatchObject({ auths: {}, credHelpers: {} })
    }
  })
})

describe('what Docker prints of a registry', () => {
  // As printed by Docker 20.10 and 28, and buildx 0.13.
  test.each([
    ['login attempt to http://localhost:5000/v2/ failed with status: 401 Unauthorized', /does not accept the login/],
    [
      'ERROR: pull access denied, repository does not exist or may require authorization: no basic auth credentials',
      /does not accept the login/,
    ],
    ['manifest for localhost:5000/a:9 not found: manifest unknown: manifest unknown', /does not have it/],
    ['ERROR: localhost:5000/a:2: not found', /does not have it/],
    ['Get "http://localhost:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused', /does not answer/],
    ['dial tcp: lookup registry.example.com: no such host', /does not answer/],
    ['Error response from daemon: manifest verification failed for digest sha256:00', /not what the digest stands for/],
    ['filesystem layer verification failed for digest sha256:00', /not what the digest stands for/],
    ['http: server gave HTTP response to HTTPS client', /no certificate/],
    ['something nobody has seen', /something nobody has seen/],
  ])('%s', (stderr, why) => {
    const error = registryFailure('Looking', 'localhost:5000', { exitCode: 1, stdout: '', stderr, timedOut: false })
    expect(error.code).toBe('REGISTRY_FAILED')
    expect(error.why).toMatch(why)
    expect(error.next).not.toBe('')
  })

  test('a daemon that is away and a full disk are told as such', () => {
    const of = (stderr: string) => registryFailure('Pulling', 'r', { exitCode: 1, stdout: '', stderr, timedOut: false })
    expect(of('Cannot connect to the Docker daemon at unix:///x').code).toBe('ENGINE_UNAVAILABLE')
    expect(of('write /var/lib/docker/tmp/x: no space left on device').code).toBe('DISK_FULL')
    const late = registryFailure('Pulling', 'r', { exitCode: 124, stdout: '', stderr: '', timedOut: true })
    expect(late.why).toBe('r does not answer')
  })
})
