import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { askDocker, dockerSocket, listPath } from '../../src/support/docker-socket.ts'

let folder: string
const servers: Server[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-test-'))
})

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  await rm(folder, { recursive: true })
})

describe('the socket', () => {
  const nothing = (more: NodeJS.ProcessEnv = {}) => ({ DOCKER_CONFIG: folder, ...more })
  const config = (text: string) => writeFile(join(folder, 'config.json'), text)

  test('is the usual one when nothing else is said', async () => {
    expect(await dockerSocket(nothing())).toBe('/var/run/docker.sock')
    await config('{"currentContext":"default"}')
    expect(await dockerSocket(nothing())).toBe('/var/run/docker.sock')
  })

  test.each([
    ['unix:///run/other.sock', '/run/other.sock'],
    ['', '/var/run/docker.sock'],
    ['tcp://192.0.2.1:2376', undefined],
    ['ssh://deploy@example.com', undefined],
    ['unix://relative.sock', undefined],
  ])('for DOCKER_HOST=%s is %s', async (host, expected) => {
    expect(await dockerSocket(nothing({ DOCKER_HOST: host }))).toBe(expected)
  })

  test('is left to the docker CLI where a context decides, which wins over DOCKER_HOST', async () => {
    expect(await dockerSocket(nothing({ DOCKER_CONTEXT: 'prod', DOCKER_HOST: 'unix:///x.sock' }))).toBeUndefined()
    await config('{"currentContext":"rootless"}')
    expect(await dockerSocket(nothing())).toBeUndefined()
    expect(await dockerSocket(nothing({ DOCKER_HOST: 'unix:///x.sock' }))).toBe('/x.sock')
    await config('{"currentContext":')
    expect(await dockerSocket(nothing())).toBeUndefined()
  })
})

describe('a question', () => {
  async function answers(listener: RequestListener): Promise<void> {
    const path = join(folder, 'docker.sock')
    const server = createServer(listener)
    servers.push(server)
    await new Promise<void>(resolve => server.listen(path, resolve))
    vi.stubEnv('DOCKER_CONTEXT', '')
    vi.stubEnv('DOCKER_HOST', `unix://${path}`)
  }

  test('is answered with what Docker knows, or with that there is none', async () => {
    const asked: (string | undefined)[] = []
    await answers((request, response) => {
      asked.push(request.url)
      if (request.url === '/containers/x/json') response.writeHead(404).end('{"message":"No such container: x"}')
      else response.end('[{"Id":"a"}]')
    })
    const path = listPath('containers', ['label=slipway.project=a=b', 'label=x', 'status=created'])
    expect(await askDocker(path)).toEqual({ kind: 'found', value: [{ Id: 'a' }] })
    expect(JSON.parse(new URL(path, 'http://docker').searchParams.get('filters') ?? '')).toEqual({
      label: ['slipway.project=a=b', 'x'],
      status: ['created'],
    })
    expect(await askDocker('/containers/x/json')).toEqual({ kind: 'missing' })
    expect(asked).toEqual([path, '/containers/x/json'])
  })

  test.each<[string, RequestListener]>([
    ['a refusal', (_, response) => response.writeHead(403).end('{}')],
    ['somebody else’s 404', (_, response) => response.writeHead(404).end('{"error":"no such page"}')],
    ['a failure', (_, response) => response.writeHead(500).end('{"message":"x"}')],
    ['rubbish', (_, response) => response.end('<html>')],
    [
      'half an answer',
      (_, response) => response.writeHead(200, { 'content-length': '99' }).write('[', () => response.destroy()),
    ],
    ['a cut connection', (_, response) => response.destroy()],
    ['silence', () => undefined],
  ])('that gets %s is left to the docker CLI', async (_name, listener) => {
    await answers(listener)
    expect(await askDocker('/version')).toBeUndefined()
  })

  test('that nobody hears is left to the docker CLI', async () => {
    vi.stubEnv('DOCKER_HOST', `unix://${join(folder, 'nobody.sock')}`)
    expect(await askDocker('/version')).toBeUndefined()
  })
})
