import { expect, test } from 'vitest'
import type { ComposeDocument } from '../../src/config/document.ts'
import { withOwnNetworks } from '../../src/config/own-networks.ts'

const services = [
  { name: 'web', role: 'web' as const },
  { name: 'worker', role: 'worker' as const },
]
const on = (...networks: string[]) => ({ networks: Object.fromEntries(networks.map(name => [name, null])) })
const proxy = { name: 'company-proxy', external: true }

test('a web service on networks of others alone gets one of its release', () => {
  const document: ComposeDocument = { services: { web: on('proxy'), worker: on('proxy') }, networks: { proxy } }
  const made = withOwnNetworks(document, services)
  expect(made.services).toEqual({ web: on('proxy', 'default'), worker: on('proxy') })
  expect(made.networks).toEqual({ proxy, default: {} })
})

test('also when the usual one is somebody else’s', () => {
  const made = withOwnNetworks({ services: { web: on('default') }, networks: { default: proxy } }, services)
  expect(made.services['web']).toEqual(on('default', 'slipway-own'))
  expect(made.networks).toEqual({ default: proxy, 'slipway-own': {} })
})

test.each<[string, ComposeDocument]>([
  ['one that has a network of its own', { services: { web: on('proxy', 'inner') }, networks: { proxy, inner: {} } }],
  ['one that names none', { services: { web: { image: 'x' } }, networks: { proxy } }],
  ['a worker', { services: { worker: on('proxy') }, networks: { proxy } }],
])('%s is left as it is', (_what, document) => {
  expect(withOwnNetworks(document, services)).toBe(document)
})
