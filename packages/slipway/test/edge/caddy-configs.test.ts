import { describe, expect, it } from 'vitest'
import { doorConfig } from '../../src/edge/door-config.ts'
import { frontConfig } from '../../src/edge/front-config.ts'
import { listensOf } from '../../src/edge/front-listens.ts'
import type { Site } from '../../src/edge/site.ts'

const settings = { ports: { http: 80, https: 443 } }
const listen = { host: '127.0.0.1', port: 8080 }

function address(project: string, services: { name: string; hosts: string[] }[]): Site {
  return { project, mode: 'address', listen, services, trustedProxies: [] }
}

function domains(project: string, host: string, email?: string): Site {
  const services = [{ name: 'web', hosts: [host] }]
  return { project, mode: 'domains', services, trustedProxies: [], ...(email === undefined ? {} : { email }) }
}

describe('frontConfig', () => {
  it('does not depend on a release, nor on the order of sites', () => {
    const sites = [address('b', [{ name: 'web', hosts: ['b.example'] }]), address('a', [{ name: 'web', hosts: [] }])]
    expect(frontConfig(sites, settings)).toEqual(frontConfig([...sites].reverse(), settings))
    expect(JSON.stringify(frontConfig(sites, settings))).not.toMatch(/r1\b/)
  })

  it('puts exact hosts before wildcards, and the rest last', () => {
    const site = address('a', [
      { name: 'rest', hosts: [] },
      { name: 'wild', hosts: ['*.a.example'] },
      { name: 'exact', hosts: ['x.a.example'] },
    ])
    const dials = [...JSON.stringify(frontConfig([site], settings)).matchAll(/live\/(\w+)\.sock/g)].map(
      match => match[1],
    )
    expect([...new Set(dials)]).toEqual(['exact', 'wild', 'rest'])
  })

  it('dials the link without keeping connections, and tries again only what has no body', () => {
    const text = JSON.stringify(frontConfig([address('a', [{ name: 'web', hosts: [] }])], settings))
    expect(text).toContain('"dial":"unix//edge/doors/a/live/web.sock"')
    expect(text).toContain('"keep_alive":{"enabled":false}')
    const [withoutBody = '', others = ''] = text
      .slice(text.indexOf('{"match":[{"method":["GET","HEAD"]}]'))
      .split('"terminal":true},{"handle"')
    expect(withoutBody).toMatch(
      /"method":\["GET","HEAD"\].*"try_duration":"10s".*"retry_match":\[\{"method":\["NONE"\]\}\]/,
    )
    expect(others).not.toContain('load_balancing')
  })

  it('lets wait in a hold whose keeper has died: what is safe tries, the rest is not tried', () => {
    const text = JSON.stringify(frontConfig([address('a', [{ name: 'web', hosts: [] }])], settings))
    const [, safe = '', others = ''] = text.split('"try_files":["/live/_held"]')
    expect(safe).toMatch(/^},"method":\["GET","HEAD"\]/)
    expect(safe).toContain('"retry_match":[{"method":["GET","HEAD"]}]')
    expect(others).toMatch(/"retry_match":\[\{"vars":.*?"fail_duration":"1s","max_fails":1\}/)
  })

  it('asks for certificates with the e-mail of each project', () => {
    const config = frontConfig([domains('a', 'a.example', 'a@a.example'), domains('b', 'b.example')], settings)
    expect(config).toMatchObject({
      apps: {
        tls: {
          automation: { policies: [{ subjects: ['a.example'], issuers: [{ module: 'acme', email: 'a@a.example' }] }] },
        },
      },
    })
    expect(JSON.stringify(frontConfig([domains('b', 'b.example')], settings))).not.toContain('"tls"')
  })

  it('believes forwarded headers of trusted proxies only', () => {
    const site: Site = { ...address('a', [{ name: 'web', hosts: [] }]), trustedProxies: ['10.0.0.0/8'] }
    expect(JSON.stringify(frontConfig([site], settings))).toContain('"remote_ip":{"ranges":["10.0.0.0/8"]}')
    expect(JSON.stringify(frontConfig([{ ...site, trustedProxies: [] }], settings))).not.toContain('remote_ip')
  })
})

describe('both', () => {
  it('keep answers to requests with a body whole', () => {
    for (const config of [
      frontConfig([address('a', [{ name: 'web', hosts: [] }])], settings),
      doorConfig([{ name: 'web', port: 3000, replicas: 1 }], 'r1'),
    ]) {
      // Probes have no body.
      const text = JSON.stringify(config).replace(/\{"match":\[\{"header":\{"Slipway-Probe".*?"terminal":true\}/, '')
      expect(text.indexOf('"request_body"')).toBeGreaterThan(0)
      expect(text.indexOf('"request_body"')).toBeLessThan(text.indexOf('"reverse_proxy"'))
    }
  })
})

describe('a door', () => {
  it('has a route of its own, by which it is counted, for each kind of request', () => {
    const text = JSON.stringify(doorConfig([{ name: 'web', port: 3000, replicas: 1 }], 'r1'))
    const routes = [
      '"header":{"Upgrade":["*"]}}],"handle":[{"handler":"subroute"',
      '"header":{"Accept":["*text/event-stream*"]}}],"handle":[{"handler":"vars"',
      '{"handle":[{"handler":"request_body"',
    ]
    for (const route of routes) expect(text).toContain(route)
  })
})

describe('listensOf', () => {
  it('knows the ports of a configuration, the redirecting one too', () => {
    const config = frontConfig([address('a', [{ name: 'web', hosts: [] }]), domains('b', 'b.example')], settings)
    expect(listensOf(config)).toEqual([listen, { host: '', port: 443 }, { host: '', port: 80 }])
  })

  it('reads IPv6 addresses', () => {
    const site: Site = {
      ...address('a', [{ name: 'web', hosts: [] }]),
      mode: 'address',
      listen: { host: '::1', port: 8080 },
    }
    expect(listensOf(frontConfig([site], settings))).toEqual([{ host: '::1', port: 8080 }])
  })

  it.each([undefined, null, {}, { apps: null }, { apps: { http: {} } }])('finds none in %j', config => {
    expect(listensOf(config)).toEqual([])
  })
})

describe('doorConfig', () => {
  it('has a socket for each service, leading to its containers', () => {
    const config = doorConfig(
      [
        { name: 'web', port: 3000, replicas: 1 },
        { name: 'api', port: 4000, replicas: 3 },
      ],
      'r7',
    )
    expect(config).toMatchObject({
      apps: {
        http: { servers: { web: { listen: ['unix//door/web.sock'] }, api: { listen: ['unix//door/api.sock'] } } },
      },
    })
    const text = JSON.stringify(config)
    expect(text).toContain('"upstreams":[{"dial":"web:3000"}]')
    expect(text.match(/dynamic_upstreams":\{"source":"a","name":"(\w+)"/)?.[1]).toBe('api')
  })

  it('tells who asks for it which release answers, and counts', () => {
    const text = JSON.stringify(doorConfig([{ name: 'web', port: 3000, replicas: 1 }], 'r7'))
    expect(text).toContain('"match":[{"header":{"Slipway-Probe":["*"]}}]')
    expect(text).toContain('"set":{"Slipway-Release":["r7"]}')
    expect(text).toContain('"metrics":{}')
  })
})
