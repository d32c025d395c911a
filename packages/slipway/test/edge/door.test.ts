import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { caddyEdge } from '../../src/edge/edge.ts'
import { edgeLayout } from '../../src/edge/layout.ts'
import { sampleRelease } from './sample.ts'

const release = sampleRelease('shop', [{ name: 'web' }], 'r2')
let directory: string
let admin: Server | undefined
let asked: { request: string; headers: IncomingHttpHeaders; body: string }[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'door-'))
  asked = []
})

afterEach(async () => {
  admin?.close()
  admin = undefined
  await rm(directory, { recursive: true, force: true })
})

/** A door whose admin API says this. */
async function door(status: number, body: string): Promise<void> {
  const { directory: folder, config, admin: socket } = edgeLayout(directory).door('shop', 'r2')
  await mkdir(folder, { recursive: true })
  await writeFile(config, '{"apps":{}}\n')
  const server = createServer((request, answer) => {
    let text = ''
    request.on('data', more => (text += String(more)))
    request.on('end', () => {
      asked.push({ request: `${request.method} ${request.url}`, headers: request.headers, body: text })
      answer.writeHead(status).end(body)
    })
  })
  admin = server
  await new Promise<void>(resolve => server.listen(socket, resolve))
}

const edge = () => caddyEdge({ directory, project: 'shop' })

describe('closing WebSockets', () => {
  test('gives the door the configuration that it has, once more', async () => {
    await door(200, '')
    await edge().closeWebSockets(release)
    expect(asked).toMatchObject([
      { request: 'POST /load', body: '{"apps":{}}\n', headers: { 'cache-control': 'must-revalidate' } },
    ])
  })

  test('of a door that is gone is done already', async () => {
    await edge().closeWebSockets(release)
    await door(200, '')
    admin?.close()
    await edge().closeWebSockets(release)
    expect(asked).toEqual([])
  })

  test('fails when the door refuses', async () => {
    await door(400, '{"error":"loading config: no"}')
    await expect(edge().closeWebSockets(release)).rejects.toMatchObject({
      code: 'EDGE_FAILED',
      why: 'loading config: no',
    })
  })
})

describe('what is under way', () => {
  test('is nothing behind a door that is gone', async () => {
    expect(await edge().inFlight(release)).toEqual({ requests: 0, webSockets: 0, eventStreams: 0 })
  })

  test('is not taken for nothing when the door does not say', async () => {
    await door(500, 'rubbish')
    await expect(edge().inFlight(release)).rejects.toMatchObject({ code: 'EDGE_FAILED', why: '500 rubbish' })
  })

  test('is what the door counts', async () => {
    await door(200, 'caddy_http_requests_in_flight{handler="request_body",server="web"} 2\n')
    expect(await edge().inFlight(release)).toEqual({ requests: 2, webSockets: 0, eventStreams: 0 })
  })
})
