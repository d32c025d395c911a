import { expect, test } from 'vitest'
import type { ComposeDocument } from '../../src/config/document.ts'
import { sharedFingerprint } from '../../src/engine/shared-fingerprint.ts'

const image = `ghcr.io/shop/api@sha256:${'a'.repeat(64)}`
const document = (home: string, change: object = {}): ComposeDocument => ({
  services: {
    api: {
      image,
      environment: { STAGE: 'prod' },
      volumes: [{ type: 'bind', source: `${home}/0123/conf`, target: '/conf' }],
      ...change,
    },
  },
  secrets: { token: { value: Buffer.from('canary') } },
})
const of = (home: string, change?: object) => sharedFingerprint(document(home, change), `${home}/0123`)

test('is the same on servers whose folders lie elsewhere', () => {
  expect(of('/srv/slipway/uploads')).toBe(of('/var/lib/slipway/uploads'))
})

test.each([
  ['another image', { image: image.replace('aa', 'bb') }],
  ['another setting', { environment: { STAGE: 'dev' } }],
])('is another one for %s', (_what, change) => {
  expect(of('/srv', change)).not.toBe(of('/srv'))
})

test('is another one for other code, by the name of its folder', () => {
  expect(sharedFingerprint(document('/srv'), '/srv/4567')).not.toBe(sharedFingerprint(document('/srv'), '/srv/0123'))
})

test('does not hold the value of a secret, from which it could be guessed', () => {
  const other = { ...document('/srv'), secrets: { token: { value: Buffer.from('another') } } }
  expect(sharedFingerprint(other, '/srv/0123')).toBe(of('/srv'))
})
