import { describe, expect, test } from 'vitest'
import { networkArgv, networkName, ownNetworkKeys, reachedNetworks } from '../../src/engine/network-argv.ts'
import type { Release } from '../../src/release/model.ts'
import { document, release } from './sample.ts'

const r7 = release('r7')
const labels = ['--label', 'slipway.project=shop-prod', '--label', 'slipway.release=r7']

describe('the networks of a release', () => {
  test('are those that its services use, without the external ones and those of state services alone', () => {
    expect(ownNetworkKeys(r7, document)).toEqual(['default', 'inner'])
  })

  test('reach a state service where both are', () => {
    expect(reachedNetworks(r7, document, 'db')).toEqual(['inner'])
    expect(reachedNetworks(r7, document, 'cache')).toEqual(['default'])
    expect(reachedNetworks(r7, document, 'unknown')).toEqual([])
  })

  test('of several servers: one more for the way to the database, where the database is, and nothing else', () => {
    const offered: Release = { ...r7, database: 'db', path: { kind: 'offered' } }
    expect(ownNetworkKeys(offered, document)).toEqual(['default', 'inner', 'slipway-path'])
    expect(reachedNetworks(offered, document, 'db')).toEqual(['inner', 'slipway-path'])
    expect(reachedNetworks(offered, document, 'cache')).toEqual(['default'])
    const taken: Release = { ...r7, path: { kind: 'taken', service: 'db', networks: ['inner'] } }
    expect(ownNetworkKeys(taken, document)).toEqual(['default', 'inner', 'slipway-path'])
    expect(reachedNetworks(taken, document, 'cache')).toEqual(['default'])
  })

  test('have names of their own', () => {
    expect(networkName(r7, document, 'inner')).toBe('shop-prod-r7_inner')
    expect(networkName(r7, document, 'proxy')).toBe('company-proxy')
  })
})

describe('a network', () => {
  test('is created with what two releases can both have', () => {
    const special = structuredClone(document)
    special.networks = {
      inner: {
        internal: true,
        driver: 'bridge',
        driver_opts: {
          'com.docker.network.driver.mtu': 1400,
          'com.docker.network.bridge.name': 'br-fixed',
          'x; $(y)': '--z',
        },
        ipam: { config: [{ subnet: '172.30.0.0/24' }] },
      },
    }
    expect(networkArgv(r7, special, 'inner')).toEqual([
      ...['network', 'create', '--driver', 'bridge', '--internal'],
      ...['--opt', 'com.docker.network.driver.mtu=1400', '--opt', 'x; $(y)=--z'],
      ...labels,
      ...['--', 'shop-prod-r7_inner'],
    ])
  })

  test('needs nothing said about it', () => {
    expect(networkArgv(r7, { services: {} }, 'default')).toEqual([
      'network',
      'create',
      ...labels,
      '--',
      'shop-prod-r7_default',
    ])
  })
})
