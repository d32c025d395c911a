import { expect, test } from 'vitest'
import { buildDocument, referencedImages } from '../../src/engine/build-document.ts'
import { document, service, services } from './sample.ts'

test('builds each image under a tag of this release, with what the build needs', () => {
  expect(buildDocument(document, 'shop-prod', 'r7', services)).toEqual({
    name: 'shop-prod-build',
    services: {
      api: {
        image: 'slipway/shop-prod/api:r7',
        platform: 'linux/amd64',
        build: { context: '/src', dockerfile: 'Dockerfile', args: { A: '1' } },
      },
      migrate: { image: 'slipway/shop-prod/migrate:r7', build: { context: '/src' } },
      cache: { image: 'slipway/shop-prod/cache:r7', build: { context: '/src/cache' } },
    },
    secrets: document.secrets,
  })
})

test('builds nothing where nothing is to build', () => {
  expect(buildDocument(document, 'shop-prod', 'r7', [service('db', 'state'), service('gone', 'web')])).toBeUndefined()
})

test('images that are not built are taken by their names', () => {
  expect(referencedImages(document, services)).toEqual([
    { service: 'mailer', reference: 'shop/mailer:1' },
    { service: 'db', reference: 'postgres:16-alpine' },
  ])
})
