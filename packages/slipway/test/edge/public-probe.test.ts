import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { answeredIn, inFlightIn } from '../../src/edge/door-counts.ts'
import { probePublic, publicPlace } from '../../src/edge/public-probe.ts'
import { hostileNames, sampleConfig, sampleRelease } from './sample.ts'

let close: (() => void) | undefined
afterEach(() => close?.())

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer)
  close = () => server.close().closeAllConnections()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { secure: false, address: '127.0.0.1', port: (server.address() as AddressInfo).port, host: 'shop.test' }
}

describe('the public probe', () => {
  test('asks which release answers, in the name of the app', async () => {
    const place = await serve((request, response) => {
      response.setHeader('Slipway-Release', request.headers['slipway-probe'] === undefined ? '' : 'r12')
      response.statusCode = request.headers.host === 'shop.test' ? 200 : 404
      response.end('well')
    })
    expect(await probePublic(place, '/health', 1000)).toMatchObject({ kind: 'answered', status: 200, release: 'r12' })
  })

  test.each(['', 'r', 'R1', 'r1; rm', 'nobody', 'r1, r2'])('takes %j for no release', async said => {
    const place = await serve((_request, response) => response.setHeader('Slipway-Release', said).end())
    expect(await probePublic(place, '/', 1000)).not.toHaveProperty('release')
  })

  test('is not kept waiting, by silence or an answer without end', async () => {
    const silent = await serve(() => undefined)
    expect(await probePublic(silent, '/', 100)).toMatchObject({ kind: 'no-answer' })
    close?.()
    const endless = await serve((_request, response) => void response.write('x'.repeat(100_000)))
    expect(await probePublic(endless, '/', 1000)).toMatchObject({ kind: 'answered' })
  })

  test.each(['/a b', '/\n', '/é\u0000'])('a path that can not be asked is no answer: %j', async path => {
    expect(await probePublic({ secure: false, address: '127.0.0.1', port: 1, host: 'x' }, path, 100)).toMatchObject({
      kind: 'no-answer',
    })
  })

  test.each(hostileNames)('nobody answers for the host %j', async host => {
    expect(await probePublic({ secure: true, address: '127.0.0.1', port: 1, host }, '/', 100)).toMatchObject({
      kind: 'no-answer',
    })
  })
})

describe('where the public comes in', () => {
  const ports = { http: 80, https: 443 }
  const release = sampleRelease('shop-test', [{ name: 'web' }, { name: 'api', hosts: ['*.shop.example'] }])
  const [web, api] = release.services
  const place = (service: typeof web, edge: Parameters<typeof sampleConfig>[1]) =>
    service === undefined ? undefined : publicPlace(release, sampleConfig('shop-test', edge), service, ports)

  test('an address, everywhere or somewhere', () => {
    expect(place(web, { listen: { host: '0.0.0.0', port: 8080 } })).toEqual({
      secure: false,
      address: '127.0.0.1',
      port: 8080,
      host: 'shop',
    })
    expect(place(api, { listen: { host: '10.0.0.1', port: 80 } })).toMatchObject({
      address: '10.0.0.1',
      host: 'slipway.shop.example',
    })
  })

  test('a domain, over TLS', () => {
    expect(place(web, { mode: 'domains', domains: ['shop.example'] })).toMatchObject({
      secure: true,
      port: 443,
      host: 'shop.example',
    })
    expect(place(web, { mode: 'domains', domains: [] })).toBeUndefined()
  })

  test('nowhere', () => expect(place(web, { mode: 'none' })).toBeUndefined())
})

describe('what a door has answered', () => {
  test('counts each request once, where the door begins to handle it', () => {
    const metrics = [
      '# HELP caddy_http_requests_total Counter',
      'caddy_http_requests_total{handler="headers",server="web"} 13',
      'caddy_http_requests_total{handler="request_body",server="web"} 10',
      'caddy_http_requests_total{handler="reverse_proxy",server="web"} 10',
      'caddy_http_requests_total{handler="request_body",server="api"} 1e+06',
      'caddy_http_requests_total{handler="subroute",server="api"} 7',
      'caddy_http_request_errors_total{handler="request_body",server="web"} 2',
      'caddy_http_request_duration_seconds_count{code="200",handler="request_body",method="GET",server="web"} 5',
      'caddy_http_request_duration_seconds_count{code="503",handler="request_body",method="GET",server="web"} 3',
      'caddy_http_request_duration_seconds_count{code="503",handler="headers",method="GET",server="web"} 3',
      'rubbish{ 7',
    ].join('\n')
    expect(answeredIn(metrics)).toEqual({ requests: 1_000_017, failed: 5 })
    expect(answeredIn('')).toEqual({ requests: 0, failed: 0 })
  })

  test('tells requests, WebSockets and event streams under way apart', () => {
    const metrics = [
      'caddy_http_requests_in_flight{handler="request_body",server="web"} 5',
      'caddy_http_requests_in_flight{handler="request_body",server="api"} 1',
      'caddy_http_requests_in_flight{handler="vars",server="web"} 2',
      'caddy_http_requests_in_flight{handler="subroute",server="web"} 3',
      'caddy_http_requests_in_flight{handler="reverse_proxy",server="web"} 99',
      'caddy_http_requests_in_flight{handler="toString",server="web"} 99',
      'caddy_http_requests_total{handler="request_body",server="web"} 99',
    ].join('\n')
    expect(inFlightIn(metrics)).toEqual({ requests: 4, webSockets: 3, eventStreams: 2 })
    expect(inFlightIn('')).toEqual({ requests: 0, webSockets: 0, eventStreams: 0 })
  })
})
