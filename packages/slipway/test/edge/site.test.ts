import { describe, expect, it } from 'vitest'
import { conflictOf } from '../../src/edge/site-conflicts.ts'
import { siteFromText, siteOf, type Site } from '../../src/edge/site.ts'
import { hostileNames, sampleConfig, sampleRelease } from './sample.ts'

const ports = { http: 80, https: 443 }
const listen = { host: '127.0.0.1', port: 8080 }

function site(project: string, hosts: string[], edge: Parameters<typeof sampleConfig>[1] = { listen }): Site {
  const made = siteOf(sampleRelease(project, [{ name: 'web', hosts }]), sampleConfig(project, edge))
  if (made === undefined) throw new Error('no site')
  return made
}

describe('siteOf', () => {
  it('is what slipway.yaml says', () => {
    expect(site('shop', ['Shop.Example'], { listen, trustedProxies: ['10.0.0.0/8'] })).toEqual({
      project: 'shop',
      mode: 'address',
      listen,
      services: [{ name: 'web', hosts: ['shop.example'] }],
      trustedProxies: ['10.0.0.0/8'],
    })
  })

  it('gives the domains to the service without hosts', () => {
    const release = sampleRelease('shop', [{ name: 'web' }, { name: 'api', hosts: ['api.shop.example'] }])
    const made = siteOf(
      release,
      sampleConfig('shop', { mode: 'domains', domains: ['shop.example'], email: 'a@shop.example' }),
    )
    expect(made).toMatchObject({
      mode: 'domains',
      email: 'a@shop.example',
      services: [
        { name: 'web', hosts: ['shop.example'] },
        { name: 'api', hosts: ['api.shop.example'] },
      ],
    })
  })

  it('is nothing without a web service or with mode none', () => {
    expect(siteOf(sampleRelease('shop', []), sampleConfig('shop', { listen }))).toBeUndefined()
    expect(siteOf(sampleRelease('shop', [{ name: 'web' }]), sampleConfig('shop', { mode: 'none' }))).toBeUndefined()
  })

  it.each([
    ['two services that take the rest', [{ name: 'a' }, { name: 'b' }], { listen }],
    ['no address', [{ name: 'a' }], {}],
    ['no domain', [{ name: 'a' }], { mode: 'domains' as const }],
    ['a host that is a placeholder', [{ name: 'a', hosts: ['{env.HOME}'] }], { listen }],
    ['a host with a line break', [{ name: 'a', hosts: ['a.b\nc'] }], { listen }],
    ['a host of many labels', [{ name: 'a', hosts: [`${'a.'.repeat(200)}b`] }], { listen }],
    ['a proxy that is no address', [{ name: 'a' }], { listen, trustedProxies: ['everybody'] }],
    ['a port out of range', [{ name: 'a' }], { listen: { host: '', port: 70_000 } }],
    ['a host to listen on that is none', [{ name: 'a' }], { listen: { host: '{env.X}', port: 80 } }],
  ])('refuses %s', (_what, services, edge) => {
    expect(() => siteOf(sampleRelease('shop', services), sampleConfig('shop', edge))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    )
  })

  it('refuses names that are more than names', () => {
    for (const name of hostileNames) {
      const refused = expect.objectContaining({ code: 'EDGE_FAILED' })
      expect(() => siteOf(sampleRelease('shop', [{ name }]), sampleConfig('shop', { listen }))).toThrow(refused)
      expect(() => siteOf(sampleRelease(name, [{ name: 'web' }]), sampleConfig(name, { listen }))).toThrow(refused)
    }
  })
})

describe('siteFromText', () => {
  it('reads back what was written', () => {
    const made = site('shop', ['shop.example'])
    expect(siteFromText(JSON.stringify(made))).toEqual(made)
  })

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"project":"a"',
    '{"project":"../a","mode":"domains","services":[],"trustedProxies":[]}',
  ])('passes over %j', text => {
    expect(siteFromText(text)).toBeUndefined()
  })
})

describe('conflictOf', () => {
  it('lets apps share an address when their hosts differ', () => {
    expect(conflictOf(site('a', ['a.example']), [site('b', ['b.example']), site('c', [])], ports)).toBeUndefined()
  })

  it('never finds a conflict with the project itself', () => {
    expect(conflictOf(site('a', []), [site('a', [])], ports)).toBeUndefined()
  })

  it('names the project that has the host', () => {
    expect(conflictOf(site('a', ['x.example']), [site('b', ['x.example'])], ports)).toEqual({
      why: 'b already serves the host x.example.',
      port: undefined,
    })
  })

  it('lets one app take the rest', () => {
    const conflict = conflictOf(site('a', []), [site('b', [])], ports)
    expect(conflict?.why).toContain('b already takes every host on 127.0.0.1:8080')
    expect(conflict?.port).toBe(8080)
  })

  it('refuses addresses that overlap', () => {
    const everywhere = { listen: { host: '0.0.0.0', port: 8080 } }
    expect(conflictOf(site('a', ['a.example'], everywhere), [site('b', ['b.example'])], ports)?.port).toBe(8080)
    const low = { listen: { host: '127.0.0.1', port: 80 } }
    const domains = { mode: 'domains' as const, domains: ['b.example'] }
    expect(conflictOf(site('a', [], low), [site('b', [], domains)], ports)?.port).toBe(80)
  })

  it('lets the same host be served on two addresses', () => {
    const other = { listen: { host: '127.0.0.1', port: 8081 } }
    expect(conflictOf(site('a', ['x.example']), [site('b', ['x.example'], other)], ports)).toBeUndefined()
  })
})
