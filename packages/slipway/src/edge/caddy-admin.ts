import { request } from 'node:http'
import { adminHost } from './caddy-document.ts'

/** One request to a Caddy's admin API on its Unix socket. Rejects with the system's error when nobody answers. */
export function adminRequest(socketPath: string, ask: AdminRequest): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const headers = {
      host: adminHost,
      ...(ask.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(ask.anew === true ? { 'cache-control': 'must-revalidate' } : {}),
    }
    const asked = request({ socketPath, method: ask.method, path: ask.path, headers, agent: false }, answer => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }))
    })
    const timer = setTimeout(() => asked.destroy(new Error(`no answer within ${ask.timeoutMs} ms`)), ask.timeoutMs)
    asked.on('close', () => clearTimeout(timer))
    asked.on('error', reject)
    asked.end(ask.body)
  })
}

export interface AdminRequest {
  method: 'GET' | 'POST'
  path: string
  body?: string
  /** Loads a configuration also when it is the one that runs. */
  anew?: true
  timeoutMs: number
}

export interface AdminAnswer {
  status: number
  body: string
}

/** The text of Caddy's `{"error": "…"}`, or the answer as it is. */
export function adminError(answer: AdminAnswer): string {
  try {
    const said = JSON.parse(answer.body) as { error?: unknown }
    if (typeof said.error === 'string') return said.error
  } catch {
    // Not JSON: said as it is.
  }
  return `${answer.status} ${answer.body.trim().slice(0, 300)}`
}
