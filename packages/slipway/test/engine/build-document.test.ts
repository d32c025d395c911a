import { expect, test } from 'vitest'
import { buildDocument, referencedImages } from '../../src/engine/build-document.ts'
import { document, service, services } from './sample.ts'

const release = { project: 'shop-prod', id: 'r7', services } as const
const links = { folder: '/releases/r7', unique: 'u' }

test('builds each image under a tag of this release, with what the build needs, through links of its own', () => {
  const build = buildDocument(document, release, links)
  expect(build?.document).toEqual({
    name: 'shop-prod-build',
    services: {
      api: {
        image: 'slipway/shop-prod/api:r7',
        platform: 'linux/amd64',
        build: { context: '/releases/r7/u-0', dockerfile: 'Dockerfile', args: { A: '1' } },
      },
      migrate: { image: 'slipway/shop-prod/migrate:r7', build: { context: '/releases/r7/u-0' } },
      cache: { image: 'slipway/shop-prod/cache:r7', build: { context: '/releases/r7/u-1' } },
    },
    secrets: document.secrets,
  })
  expect([...(build?.contexts ?? [])]).toEqual([
    ['/src', '/releases/r7/u-0'],
    ['/src/cache', '/releases/r7/u-1'],
  ])
})

test('a Dockerfile outside of its context stays where it is', () => {
  const built = (build: { context: string; dockerfile: string }) =>
    buildDocument({ ...document, services: { api: { build } } }, release, links)?.document.services.api?.build
  expect(built({ context: '/src/api', dockerfile: '../docker/api' })).toMatchObject({ dockerfile: '/src/docker/api' })
  expect(built({ context: '/src/api', dockerfile: '/else/api' })).toMatchObject({ dockerfile: '/else/api' })
  expect(built({ context: '/src/api', dockerfile: 'deep/api' })).toMatchObject({ dockerfile: 'deep/api' })
})

test('a context that is no folder is left to the builder', () => {
  const build = { context: 'https://example.com/shop.git#main' }
  const result = buildDocument({ ...document, services: { api: { build } } }, release, links)
  expect(result?.document.services.api?.build).toEqual(build)
  expect(result?.contexts.size).toBe(0)
})

test('builds nothing where nothing is to build', () => {
  const nothing = { ...release, services: [service('db', 'state'), service('gone', 'web')] }
  expect(buildDocument(document, nothing, links)).toBeUndefined()
})

test('images that are not built are taken by their names', () => {
  expect(referencedImages(document, services)).toEqual([
    { service: 'mailer', reference: 'shop/mailer:1' },
    { service: 'db', reference: 'postgres:16-alpine' },
  ])
})
