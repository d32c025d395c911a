import { request } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { Probe } from '../release/ports.ts'
import { carried, doorHeader, noAnswer, probeHeader } from './caddy-document.ts'

/** One request through a door, dressed as the front would dress one of a client of this machine, over HTTPS. */
export function probeThrough(socketPath: string, host: string, path: string, timeoutMs: number): Promise<Probe> {
  const began = performance.now()
  return new Promise(resolve => {
    const because = (error: unknown): void => {
      resolve({ kind: 'no-answer', why: error instanceof Error ? error.message : String(error) })
    }
    const values = { forwarded_for: '127.0.0.1', forwarded_proto: 'https', forwarded_host: host }
    const headers = {
      host,
      'user-agent': 'slipway',
      connection: 'close',
      [probeHeader]: 'gate',
      ...Object.fromEntries(carried.map(({ by, from }) => [by, values[from]])),
    }
    // A path with characters that no request line can have throws here.
    const asked = attempt(() => request({ socketPath, path, headers, agent: false }), because)
    if (asked === undefined) return
    const timer = setTimeout(() => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    asked.on('error', because)
    asked.on('close', () => clearTimeout(timer))
    asked.on('response', answer => {
      const chunks: Buffer[] = []
      let length = 0
      answer.on('data', (chunk: Buffer) => {
        if (length < longestBody) chunks.push(chunk)
        length += chunk.length
        if (length >= longestBody) finish()
      })
      answer.on('error', because)
      answer.on('end', finish)

      function finish(): void {
        const status = answer.statusCode ?? 0
        const body = Buffer.concat(chunks).subarray(0, longestBody).toString('utf8')
        if (answer.headers[doorHeader.toLowerCase()] === noAnswer) because(`the container did not answer (${status})`)
        else resolve({ kind: 'answered', status, body, milliseconds: performance.now() - began })
        answer.destroy()
      }
    })
    asked.end()
  })
}

/** Enough of a health document to read it; a stream without end is not read to its end. */
const longestBody = 64 * 1024

function attempt<Result>(act: () => Result, failed: (error: unknown) => void): Result | undefined {
  try {
    return act()
  } catch (error) {
    failed(error)
    return undefined
  }
}
