import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createServer as createRawServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeThrough } from '../../src/edge/probe.ts'

describe('probeThrough', () => {
  let directory: string
  let socket: string
  let server: Server

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'probe-'))
    socket = join(directory, 'web.sock')
    server = createServer((asked, answer) => {
      if (asked.url === '/never') return
      if (asked.url === '/nobody') return answer.writeHead(502, { 'Slipway-Door': 'no-answer' }).end('nobody')
      if (asked.url === '/endless') return void setInterval(() => answer.write('x'.repeat(50_000)), 1).unref()
      if (asked.url === '/cut')
        return void answer.writeHead(200, { 'content-length': 10 }).write('abc', () => asked.socket.destroy())
      answer.writeHead(asked.url === '/sick' ? 503 : 200)
      answer.end(JSON.stringify(asked.headers))
    })
    await new Promise<void>(resolve => server.listen(socket, resolve))
  })

  afterAll(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    await rm(directory, { recursive: true })
  })

  it('asks as a client of the host would', async () => {
    const probe = await probeThrough(socket, 'shop.example', '/', 1000)
    expect(probe).toMatchObject({ kind: 'answered', status: 200 })
    if (probe.kind !== 'answered') throw new Error(probe.why)
    expect(JSON.parse(probe.body)).toMatchObject({ host: 'shop.example', 'slipway-forwarded-proto': 'https' })
  })

  it('tells an app that is ill from one that is not there', async () => {
    expect(await probeThrough(socket, 'a', '/sick', 1000)).toMatchObject({ kind: 'answered', status: 503 })
    expect(await probeThrough(socket, 'a', '/nobody', 1000)).toMatchObject({
      kind: 'no-answer',
      why: expect.stringContaining('502'),
    })
    expect(await probeThrough(join(directory, 'none.sock'), 'a', '/', 1000)).toMatchObject({ kind: 'no-answer' })
  })

  it('has an end, whatever the app does', async () => {
    expect(await probeThrough(socket, 'a', '/never', 50)).toEqual({ kind: 'no-answer', why: 'no answer within 50 ms' })
    expect(await probeThrough(socket, 'a', '/cut', 1000)).toMatchObject({ kind: 'no-answer' })
    const endless = await probeThrough(socket, 'a', '/endless', 5000)
    expect(endless).toMatchObject({ kind: 'answered', status: 200 })
    expect(endless.kind === 'answered' && endless.body.length).toBe(64 * 1024)
  })

  it('survives answers that are not HTTP, and paths that no request can have', async () => {
    const rubbish = join(directory, 'rubbish.sock')
    const raw = createRawServer(each =>
      each
        .on('error', () => undefined)
        .resume()
        .end('SSH-2.0-hello\r\n'),
    )
    await new Promise<void>(resolve => raw.listen(rubbish, resolve))
    expect(await probeThrough(rubbish, 'a', '/', 1000)).toMatchObject({ kind: 'no-answer' })
    await new Promise(resolve => raw.close(resolve))
    for (const path of ['/\r\nX: y', '/ü\u0000', '/a b']) {
      expect(await probeThrough(socket, 'a', path, 1000)).toMatchObject({ kind: 'no-answer' })
    }
    expect(await probeThrough(socket, 'a\r\nX: y', '/', 1000)).toMatchObject({ kind: 'no-answer' })
  })
})
