import { expect, test } from 'vitest'
import type { ComposeService } from '../../src/config/document.ts'
import { proveSameImages } from '../../src/engine/same-images.ts'

const digest = `registry.example.com/shop/api@sha256:${'a'.repeat(64)}`

function proved(service: ComposeService, role = 'web', migrates = false): () => void {
  const services = [{ name: 'x', role }]
  return () => proveSameImages({ services: { x: service } }, services, migrates ? { service: 'x' } : undefined)
}

test('images by digest are the same everywhere, also where the folder could build them', () => {
  expect(proved({ image: digest })).not.toThrow()
  expect(proved({ image: digest, build: { context: '.' } })).not.toThrow()
})

test.each([
  ['a tag', { image: 'shop/api:1' }, 'x names shop/api:1 without its digest'],
  ['what is built', { build: { context: '.' } }, 'x is built'],
  ['what is built under a name', { image: 'shop/api:1', build: { context: '.' } }, 'x is built'],
])('%s may be two things', (_, service, why) => {
  for (const check of [proved(service), proved(service, 'worker'), proved(service, 'job', true)]) {
    expect(check).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', why }))
  }
})

test('what runs on one server only may be what it wants to be', () => {
  expect(proved({ image: 'postgres:16' }, 'state')).not.toThrow()
  expect(proved({ build: { context: '.' } }, 'job')).not.toThrow()
})
