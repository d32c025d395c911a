import { request as requestHttp, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { performance } from 'node:perf_hooks'
import type { EnvironmentConfig } from '../config/model.ts'
import type { Release, ReleaseService } from '../release/model.ts'
import type { PublicProbe } from '../release/ports.ts'
import { probeHeader, releaseHeader } from './caddy-document.ts'
import type { FrontPorts } from './site-conflicts.ts'
import { isEverywhere } from './site.ts'

/** One request where the public's come in, and which release it was that answered. Never rejects. */
export function probePublic(place: PublicPlace, path: string, timeoutMs: number): Promise<PublicProbe> {
  const began = performance.now()
  return new Promise(resolve => {
    const because = (error: unknown): void => {
      resolve({ kind: 'no-answer', why: error instanceof Error ? error.message : String(error) })
    }
    try {
      const headers = { host: place.host, 'user-agent': 'slipway', connection: 'close', [probeHeader]: 'watch' }
      const options: RequestOptions = { host: place.address, port: place.port, path, headers, agent: false }
      // It stays on this machine, and asks who answers: whether the certificate is good is another question.
      const asked = place.secure
        ? requestHttps({ ...options, servername: place.host, rejectUnauthorized: false })
        : requestHttp(options)
      const timer = setTimeout(() => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
      asked.on('error', because)
      asked.on('close', () => clearTimeout(timer))
      asked.on('response', answer => {
        const said = answer.headers[releaseHeader.toLowerCase()]
        const release = typeof said === 'string' && /^r\d+$/.test(said) ? { release: said as `r${number}` } : {}
        const milliseconds = performance.now() - began
        resolve({ kind: 'answered', status: answer.statusCode ?? 0, body: '', milliseconds, ...release })
        answer.on('error', () => undefined)
        answer.destroy()
      })
      asked.end()
    } catch (error) {
      // A path with characters that no request line can have.
      because(error)
    }
  })
}

/** Where the front takes the requests for one web service. Undefined: nowhere. Pure. */
export function publicPlace(
  release: Release,
  config: EnvironmentConfig,
  service: ReleaseService,
  ports: FrontPorts,
): PublicPlace | undefined {
  const { edge } = config
  if (edge.mode === 'domains') {
    const host = service.hosts[0] ?? edge.domains[0]
    // A wildcard stands for any name under it.
    return host === undefined
      ? undefined
      : { secure: true, address: '127.0.0.1', port: ports.https, host: host.replace(/^\*\./, 'slipway.') }
  }
  if (edge.mode !== 'address' || edge.listen === undefined) return undefined
  const { host, port } = edge.listen
  const address = isEverywhere(host) ? '127.0.0.1' : host
  return { secure: false, address, port, host: (service.hosts[0] ?? release.app).replace(/^\*\./, 'slipway.') }
}

export interface PublicPlace {
  secure: boolean
  address: string
  port: number
  host: string
}
