import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { parseRepository } from '../../src/config/repository-address.ts'
import { serverOrigin } from '../../src/source/git-origin.ts'
import { fetchCommit } from '../../src/source/repository.ts'

/** Git's own server behind TLS, which asks for a token as hosts of repositories do. */
const token = 'ghp_0123456789abcdefghij'
let lab: string
let server: Server
let port: number
let sha: string
let seen: string[] = []
let answer: (request: IncomingMessage, response: ServerResponse) => boolean = () => false

function backend(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '', 'https://x')
  const cgi = spawn('git', ['http-backend'], {
    env: {
      ...process.env,
      GIT_PROJECT_ROOT: join(lab, 'served'),
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method ?? '',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
  })
  request.pipe(cgi.stdin)
  const chunks: Buffer[] = []
  cgi.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  cgi.on('close', () => {
    const whole = Buffer.concat(chunks)
    const end = whole.indexOf('\r\n\r\n')
    for (const line of whole.subarray(0, end).toString().split('\r\n')) {
      const [name = '', value = ''] = line.split(': ')
      if (name === 'Status') response.statusCode = Number(value.slice(0, 3))
      else response.setHeader(name, value)
    }
    response.end(whole.subarray(end + 4))
  })
}

let round = 0
async function fetchWith(given: string | undefined, name = 'shop.git', user = ''): Promise<string> {
  const address = parseRepository(`https://${user}127.0.0.1:${port}/${name}`)
  if (address === undefined) throw new Error('no address')
  const repository = join(lab, `repository-${++round}`)
  const origin = serverOrigin(address, { token: given }, { login: 'give a token', hostKey: '' })
  return (await fetchCommit(repository, origin, { branch: 'main' })).sha
}

const failure = async (work: Promise<unknown>): Promise<unknown> => work.catch((thrown: unknown) => thrown)

describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('over https', () => {
  beforeAll(async () => {
    lab = await mkdtemp(join(tmpdir(), 'slipway-https-'))
    const git = (...argv: string[]) =>
      execFileSync('git', ['-C', lab, '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...argv], {
        encoding: 'utf8',
      }).trim()
    git('init', '--quiet', '--initial-branch=main', 'work')
    await writeFile(join(lab, 'work/app.js'), 'one\n')
    git('-C', 'work', 'add', '--all')
    git('-C', 'work', 'commit', '--quiet', '--message=first')
    sha = git('-C', 'work', 'rev-parse', 'HEAD')
    await mkdir(join(lab, 'served'))
    git('clone', '--quiet', '--bare', 'work', 'served/shop.git')
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    const files = ['-keyout', join(lab, 'key.pem'), '-out', join(lab, 'cert.pem')]
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    execFileSync('openssl', ['req', '-x509', ...kind, ...subject, ...files], { stdio: 'ignore' })
    const [key, cert] = await Promise.all(['key.pem', 'cert.pem'].map(name => readFile(join(lab, name))))
    server = createServer({ key, cert }, (request, response) => {
      seen.push(`${request.url} ${request.headers.authorization ?? ''}`)
      if (!answer(request, response)) backend(request, response)
    })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    port = (server.address() as AddressInfo).port
  })
  beforeEach(() => {
    vi.unstubAllEnvs()
    vi.stubEnv('GIT_SSL_CAINFO', join(lab, 'cert.pem'))
    seen = []
    answer = (request, response) => {
      const login = `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`
      if (request.headers.authorization === login) return false
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return true
    }
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    server.closeAllConnections()
    server.close()
    await rm(lab, { recursive: true, force: true })
  })

  test('a token lets git in, and is in no file afterwards', async () => {
    expect(await fetchWith(token)).toBe(sha)
    const folder = join(lab, `repository-${round}`)
    const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
    for (const name of await readdir(folder, { recursive: true })) {
      const file = join(folder, name)
      if (!(await stat(file)).isFile()) continue
      const text = await readFile(file, 'latin1')
      expect(text.includes(token) || text.includes(basic), file).toBe(false)
    }
  })

  test.each([
    ['a wrong token', () => fetchWith('ghp_wrong_wrong_wrong')],
    ['none', () => fetchWith(undefined)],
  ])('%s is refused, says what to do, and nobody is asked', async (_what, work) => {
    const error = await failure(work())
    expect(error).toMatchObject({ code: 'LOGIN_REFUSED', next: 'give a token' })
    expect(JSON.stringify([String(error), error])).not.toContain('ghp_wrong_wrong_wrong')
  })

  test('no helper of this machine is asked for another login', async () => {
    const marker = join(lab, 'helper-ran')
    vi.stubEnv('GIT_CONFIG_COUNT', '1')
    vi.stubEnv('GIT_CONFIG_KEY_0', 'credential.helper')
    vi.stubEnv('GIT_CONFIG_VALUE_0', `!touch ${marker}; echo`)
    expect(await failure(fetchWith(undefined))).toMatchObject({ code: 'LOGIN_REFUSED' })
    await expect(stat(marker)).rejects.toThrow('ENOENT')
  })

  test('a repository that is not there is told as what it may be', async () => {
    expect(await failure(fetchWith(token, 'gone.git'))).toMatchObject({
      code: 'SOURCE_FAILED',
      why: 'there is no such repository, or it is not shown to who asks',
      next: 'give a token',
    })
  })

  test('a redirection is not followed with a token', async () => {
    answer = (request, response) => {
      if (request.url?.startsWith('/moved') !== true) return false
      response.writeHead(301, {
        location: `https://127.0.0.1:${port}/shop.git${request.url.slice('/moved.git'.length)}`,
      })
      response.end()
      return true
    }
    expect(await failure(fetchWith(token, 'moved.git'))).toMatchObject({ code: 'SOURCE_FAILED' })
    expect(seen.filter(line => line.startsWith('/shop.git'))).toEqual([])
  })

  test('a certificate that nobody vouches for is not believed', async () => {
    vi.stubEnv('GIT_SSL_CAINFO', '')
    expect(await failure(fetchWith(token))).toMatchObject({
      code: 'SOURCE_FAILED',
      why: expect.stringContaining('certificate') as unknown,
    })
    expect(seen).toEqual([])
  })

  test('a connection that ends in the middle is told as that', async () => {
    answer = (request, response) => {
      if (request.method !== 'POST') return false
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result', 'content-length': '100000' })
      response.write('0011')
      setTimeout(() => request.socket.destroy(), 50)
      return true
    }
    expect(await failure(fetchWith(token))).toMatchObject({
      code: 'SOURCE_FAILED',
      why: 'the connection to its host broke',
    })
  })
})
