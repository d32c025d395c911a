import { describe, expect, test } from 'vitest'
import type { ComposeDocument } from '../../src/config/document.ts'
import { networksOf, releaseDocument } from '../../src/engine/release-document.ts'
import { document, images, service, services } from './sample.ts'

const migrate = { service: 'migrate', command: ['sh', '-c', 'echo $HOME ${X} $$'], files: [], timeoutMs: 1000 }
const made = releaseDocument({ document, project: 'shop-prod', release: 'r7', services, images, migrate })
const labels = (role: string) => ({ 'slipway.project': 'shop-prod', 'slipway.release': 'r7', 'slipway.role': role })

describe('the document of a release', () => {
  test('has its web services, workers and the migration job, and nothing of what lasts', () => {
    expect(Object.keys(made.services).sort()).toEqual(['api', 'mailer', 'slipway-migrate'])
    expect(made.name).toBe('shop-prod-r7')
  })

  test('starts a web service from its pinned image, beside another release of it', () => {
    expect(made.services['api']).toEqual({
      image: 'sha256:aaaa',
      pull_policy: 'never',
      platform: 'linux/amd64',
      command: ['node', 'api.js', '$$HOME'],
      environment: { DATABASE_URL: 'postgres://db', PRICE: 'a$$b', EMPTY: null },
      labels: { 'com.example.team': 'web', ...labels('web') },
      depends_on: { mailer: { condition: 'service_started' } },
      networks: {
        default: null,
        inner: { aliases: ['backend'], priority: 10 },
        proxy: { ipv4_address: '10.0.0.9' },
      },
      links: ['mailer:mail'],
      deploy: { replicas: 2, resources: { limits: { memory: '268435456' } } },
      volumes: [{ type: 'volume', source: 'uploads', target: '/uploads' }],
      secrets: [{ source: 'token', target: '/run/secrets/token' }],
      healthcheck: { test: ['CMD', 'true'] },
      restart: 'unless-stopped',
      'x-own': true,
    })
  })

  test('starts a worker whatever its profile, without waiting for what lasts', () => {
    expect(made.services['mailer']).toEqual({
      image: 'sha256:bbbb',
      pull_policy: 'never',
      networks: { default: null },
      scale: 3,
      labels: labels('worker'),
    })
  })

  test('runs the migration once, with the words of slipway.yaml as they are', () => {
    expect(made.services['slipway-migrate']).toEqual({
      image: 'sha256:cccc',
      pull_policy: 'never',
      container_name: 'shop-prod-r7-migrate',
      command: ['sh', '-c', 'echo $$HOME $${X} $$$$'],
      networks: { inner: null },
      labels: labels('job'),
      healthcheck: { disable: true },
      restart: 'no',
      profiles: ['slipway-job'],
    })
  })

  test('runs the migration once, whatever starts it again elsewhere', () => {
    const job = {
      ...document.services['migrate'],
      deploy: { replicas: 3, restart_policy: { condition: 'any' }, labels: {} },
    }
    const again = { ...document, services: { ...document.services, migrate: job } }
    const { services: own } = releaseDocument({
      document: again,
      project: 'p',
      release: 'r7',
      services,
      images,
      migrate,
    })
    expect(own['slipway-migrate']).toMatchObject({ restart: 'no', deploy: { labels: {} } })
    expect(own['slipway-migrate']?.deploy).toEqual({ labels: {} })
  })

  test('has networks of its own, and shares those that are external', () => {
    expect(made.networks).toEqual({
      default: { name: 'shop-prod-r7_default', external: true },
      inner: { name: 'shop-prod-r7_inner', external: true },
      storage: { name: 'shop-prod-r7_storage', external: true },
      unused: { name: 'shop-prod-r7_unused', external: true },
      proxy: { name: 'company-proxy', external: true },
    })
  })

  test('shares the volumes, under the names that Compose itself gives them', () => {
    expect(made.volumes).toEqual({
      data: { name: 'shop-prod_data', external: true },
      uploads: { name: 'shop-prod_uploads', external: true },
      fixed: { name: 'our-own-name', external: true },
      shared: { name: 'company-files', external: true },
    })
  })

  test('keeps everything else', () => {
    expect(made['x-team']).toEqual({ owner: 'ada' })
    expect(made.secrets).toEqual(document.secrets)
    expect(made.configs).toEqual(document.configs)
  })

  test('changes nothing of what it is made from', () => {
    const before = structuredClone(document)
    releaseDocument({ document, project: 'shop-prod', release: 'r8', services, images, migrate })
    expect(document).toEqual(before)
  })
})

test('a document without networks and volumes gets the default network', () => {
  const small: ComposeDocument = { services: { web: { image: 'a' } } }
  const result = releaseDocument({
    document: small,
    project: 'p',
    release: 'r1',
    services: [service('web', 'web')],
    images: { web: 'sha256:1' },
  })
  expect(result).toEqual({
    name: 'p-r1',
    services: {
      web: {
        image: 'sha256:1',
        pull_policy: 'never',
        labels: { 'slipway.project': 'p', 'slipway.release': 'r1', 'slipway.role': 'web' },
      },
    },
    networks: { default: { name: 'p-r1_default', external: true } },
  })
})

test('a service on a network of the host or of another container is on none of ours', () => {
  expect(networksOf({ network_mode: 'host' })).toEqual([])
  expect(networksOf(undefined)).toEqual([])
  expect(networksOf({ networks: {} })).toEqual(['default'])
})

test('never starts again by itself what was stopped on purpose', () => {
  const always = structuredClone(document)
  for (const each of Object.values(always.services)) each.restart = 'always'
  const { services: own } = releaseDocument({ document: always, project: 'shop-prod', release: 'r7', services, images })
  expect(own['mailer']?.restart).toBe('unless-stopped')
})
