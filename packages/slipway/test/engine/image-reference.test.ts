import { describe, expect, test } from 'vitest'
import { imageReference, isByDigest, wholeReference } from '../../src/engine/image-reference.ts'

const digest = `sha256:${'0a'.repeat(32)}`

describe('an image as it is written', () => {
  test.each([
    ['redis', 'docker.io', 'docker.io/library/redis', undefined],
    ['redis:7-alpine', 'docker.io', 'docker.io/library/redis', '7-alpine'],
    ['shop/api:1', 'docker.io', 'docker.io/shop/api', '1'],
    ['docker.io/shop/api', 'docker.io', 'docker.io/shop/api', undefined],
    ['index.docker.io/library/redis', 'docker.io', 'docker.io/library/redis', undefined],
    ['ghcr.io/shop/api:v1.2', 'ghcr.io', 'ghcr.io/shop/api', 'v1.2'],
    ['localhost/api:1', 'localhost', 'localhost/api', '1'],
    ['localhost:5000/api', 'localhost:5000', 'localhost:5000/api', undefined],
    ['registry.example.com:5000/a/b/c:x', 'registry.example.com:5000', 'registry.example.com:5000/a/b/c', 'x'],
  ])('%s', (written, registry, repository, tag) => {
    const found = imageReference(written)
    expect(found).toMatchObject({ registry, repository })
    expect(found.tag).toBe(tag)
  })

  test('by digest, with and without a tag, is one and the same', () => {
    for (const written of [`redis@${digest}`, `redis:7@${digest}`, `docker.io/library/redis:7@${digest}`]) {
      expect(isByDigest(written)).toBe(true)
      expect(wholeReference(written)).toBe(`docker.io/library/redis@${digest}`)
    }
    for (const written of ['redis:7', `redis@${digest}0`, 'redis@sha256:0a', 'redis@sha512:0a', '']) {
      expect(isByDigest(written)).toBe(false)
    }
  })
})
