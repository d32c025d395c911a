import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newIdentity } from '../../../packages/slipway/src/secrets/age.ts'
import { type CliResult, docker, lines, Project } from '../project.ts'

/**
 * Secrets from the encrypted file to the containers on a real engine: who can read them there, that a rollback brings
 * back those of its release, and that marked values turn up nowhere else on the way.
 */
const server = `
import { createServer } from 'node:http'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
const digest = file => { try { return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12) } catch (error) { return error.code } }
const seen = { jwt: digest('/run/secrets/JWT_SECRET'), named: digest(process.env.JWT_SECRET_FILE ?? '-'), foreign: digest('/run/secrets/db_password'), user: process.getuid() }
if (readFileSync(process.env.JWT_SECRET_FILE, 'utf8').startsWith('bad-')) process.exit(1)
createServer((_, response) => response.end(JSON.stringify(seen))).listen(3000)
process.on('SIGTERM', () => process.exit(0))
`
const worker = `
const { readFileSync } = require('node:fs')
readFileSync('/run/secrets/key')
process.on('SIGTERM', () => process.exit(0))
setInterval(() => undefined, 1000)
`
const compose = `
services:
  db:
    image: postgres:16-alpine
    environment: { POSTGRES_USER: shop, POSTGRES_DB: shop, POSTGRES_PASSWORD_FILE: /run/secrets/db_password }
    volumes: [data:/var/lib/postgresql/data]
    # It starts as root and reads it as another user: that is said here.
    secrets: [{ source: db_password, uid: "999", gid: "999" }]
  api:
    build: { context: ., secrets: [BUILD_KEY] }
    expose: [3000]
    environment: { API_TOKEN: "\${API_TOKEN}" }
  worker:
    image: node:22-bookworm-slim
    user: "1234:2345"
    command: [node, -e, ${JSON.stringify(worker).replaceAll('$', '$$$$')}]
    init: true
    secrets: [{ source: worker_key, target: key }]
volumes: { data: {} }
secrets:
  db_password: { file: ./secrets/db_password.txt }
  worker_key: { environment: WORKER_KEY }
  BUILD_KEY: { environment: BUILD_KEY }
`
const mark = `canary-${randomBytes(9).toString('hex')}`
const values = {
  JWT_SECRET: `${mark}-jwt-one`,
  db_password: `${mark}-$db 'x"`,
  WORKER_KEY: `${mark}-worker\nwith two lines\n`,
  BUILD_KEY: `${mark}-build`,
  API_TOKEN: `${mark}-variable-$\{x}`,
}
let project: Project
let identity = ''
let said = ''
let argv = ''
let sampler: ReturnType<typeof spawn>

async function slipway(command: string[], input = ''): Promise<CliResult> {
  const { env, ...options } = project.options()
  const cli = join(import.meta.dirname, '../../../packages/slipway/dist/slipway.js')
  const child = spawn(process.execPath, [cli, ...command], { ...options, env: { ...env, SLIPWAY_AGE_KEY: identity } })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin.end(input)
  const exitCode = await new Promise<number>(resolve => child.on('close', code => resolve(code ?? -1)))
  said += stdout + stderr
  return { exitCode, stdout, stderr }
}

async function deployed(command: string[]): Promise<{ exitCode: number; outcome: string; events: string }> {
  const result = await slipway([...command, '--json'])
  const document = JSON.parse(result.stdout) as { result?: { outcome: string }; error?: { why?: string } }
  return {
    exitCode: result.exitCode,
    outcome: document.result?.outcome ?? JSON.stringify(document.error),
    events: result.stdout,
  }
}

async function answer(): Promise<{ jwt: string; named: string; foreign: string; user: number }> {
  const response = await fetch(project.baseUrl, { signal: AbortSignal.timeout(5000) })
  return (await response.json()) as { jwt: string; named: string; foreign: string; user: number }
}

const digest = (value: string) => createHash('sha256').update(value).digest('hex').slice(0, 12)

beforeAll(async () => {
  identity = await newIdentity()
  project = await Project.create()
  await mkdir(project.directory, { recursive: true })
  const write = (name: string, text: string) => writeFile(join(project.directory, name), text)
  await write('server.mjs', server)
  await write(
    'Dockerfile',
    'FROM node:22-bookworm-slim\nRUN --mount=type=secret,id=BUILD_KEY test "$(wc -c < /run/secrets/BUILD_KEY)" -gt 20\nCOPY server.mjs /srv/\nUSER node\nCMD ["node", "/srv/server.mjs"]\n',
  )
  await write('.dockerignore', '*\n!server.mjs\n')
  await write('compose.yaml', compose)
  await write(
    'slipway.yaml',
    `app: ${project.app}
database: db
health: { path: /, deadline: 10s }
edge: { listen: "127.0.0.1:${project.port}" }
watch: off
warm: off
hooks: { before_deploy: [sh, -c, "env >> hook-environment.txt"] }
secrets: { JWT_SECRET: { services: [api], length: ">=20" } }
environments: { prod: {} }
`,
  )
  for (const [name, value] of Object.entries(values)) {
    expect(await slipway(['secrets', 'set', 'prod', name, '--exact'], value)).toMatchObject({ exitCode: 0 })
  }
  sampler = spawn(process.execPath, [join(import.meta.dirname, 'sampler.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] })
  sampler.stdout?.setEncoding('utf8').on('data', (text: string) => (argv += text))
}, 60_000)

afterAll(async () => {
  sampler.kill()
  await project.destroy()
})

describe('secrets of a release', () => {
  test('reach each container as files of its own user, and are not to be read by another', async () => {
    const first = await deployed(['deploy', 'prod'])
    expect(first).toMatchObject({ exitCode: 0, outcome: 'deployed' })
    // What the app chose to have in its environment is said aloud.
    expect(first.events).toContain(
      'the secret API_TOKEN reaches api in its variable API_TOKEN: docker inspect shows it',
    )
    expect(await answer()).toEqual({
      jwt: digest(values.JWT_SECRET),
      named: digest(values.JWT_SECRET),
      foreign: 'ENOENT',
      user: 1000,
    })
    expect(await deployed(['deploy', 'prod'])).toMatchObject({ exitCode: 0, outcome: 'unchanged' })
    const files = await secretFiles()
    expect(files.map(({ name, mode, owner }) => `${name} ${mode} ${owner}`).sort()).toEqual([
      'JWT_SECRET 400 1000:1000',
      'db_password 400 999:999',
      'worker_key 400 1234:2345',
    ])
    const tried = await docker(
      'exec',
      '-u',
      'nobody',
      `${project.project}-db-1`,
      'sh',
      '-c',
      'cat /run/secrets/* 2>&1 || true',
    )
    expect(tried).toContain('denied')
  })

  test('go with the release: rotated ones come live, bad ones are taken back, a rollback brings those of then', async () => {
    const rotate = ['secrets', 'rotate', 'prod', 'JWT_SECRET', '--stdin']
    expect(await slipway(rotate, `${mark}-jwt-rotated`)).toMatchObject({ exitCode: 0 })
    expect((await answer()).jwt).toBe(digest(`${mark}-jwt-rotated`))

    expect(await slipway(rotate, `bad-${mark}-jwt-rotated`)).toMatchObject({ exitCode: 3 })
    expect((await answer()).jwt).toBe(digest(`${mark}-jwt-rotated`))
    const { stdout } = await slipway(['secrets', 'get', 'prod', 'JWT_SECRET'])
    expect(stdout).toBe(`${mark}-jwt-rotated`)
    said = said.replace(stdout, '')

    expect(await deployed(['rollback', 'prod'])).toMatchObject({ outcome: 'deployed' })
    expect((await answer()).jwt).toBe(digest(values.JWT_SECRET))
  })

  test('a file that was replaced as a whole is refused by the server that knew the one before', async () => {
    const file = join(project.directory, 'secrets/prod.yaml')
    const before = await readFile(file)
    await rm(file)
    for (const [name, value] of Object.entries({ ...values, JWT_SECRET: 'known-to-the-attacker-000000' })) {
      await slipway(['secrets', 'set', 'prod', name, '--exact'], value)
    }
    const refused = await deployed(['deploy', 'prod'])
    expect(refused.events).toContain('SECRETS_TAMPERED')
    expect(refused.exitCode).toBe(1)
    await writeFile(file, before)
  })

  test('stand nowhere but in their own files', async () => {
    sampler.stdin?.end()
    await new Promise(resolve => sampler.once('close', resolve))
    const containers = lines(await docker('ps', '-aq', '--filter', `label=slipway.project=${project.project}`))
    const images = lines(
      await docker('image', 'ls', '-q', '--no-trunc', '--filter', `reference=slipway/${project.project}/*`),
    )
    const inspected = JSON.parse(await docker('inspect', ...containers)) as { Config: { Env: string[] } }[]
    const variable = `API_TOKEN=${values.API_TOKEN}`
    // The named exception: what the app itself takes from its environment.
    expect(inspected.flatMap(each => each.Config.Env).filter(each => each.includes(mark))).toEqual([variable])
    const places: Record<string, string> = {
      'what commands said': said,
      'arguments of processes': argv,
      'docker inspect': JSON.stringify(inspected).replaceAll(JSON.stringify(variable), ''),
      images: await docker('image', 'inspect', ...images),
      'history of images': (await Promise.all(images.map(image => docker('history', '--no-trunc', image)))).join(''),
      'logs of containers': (await Promise.all(containers.map(id => docker('logs', id)))).join(''),
      'the environment of hooks': await readFile(join(project.directory, 'hook-environment.txt'), 'utf8'),
    }
    for (const { path, content } of await otherFiles()) places[path] = content
    expect(argv).toContain('compose\\u0000--project-name')
    const forms = [mark, Buffer.from(mark).toString('base64').slice(0, 24), identity]
    const found = Object.entries(places).flatMap(([place, text]) =>
      forms.some(form => text.includes(form)) ? [place] : [],
    )
    expect(found).toEqual([])
    // Those that were built; the others were there before the secrets were made up.
    const built = await docker('image', 'ls', '-q', '--filter', `reference=slipway/${project.project}/api`)
    for (const image of new Set(lines(built))) expect((await layersOf(image)).includes(mark)).toBe(false)
  })
})

async function everyFile(): Promise<string[]> {
  const entries = await readdir(project.home, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}

const isSecretFile = (path: string) => /\/releases\/(r\d+\/secrets|state-files)\//.test(path)

async function secretFiles(): Promise<{ name: string; mode: string; owner: string }[]> {
  const paths = (await everyFile()).filter(isSecretFile)
  return Promise.all(
    paths.map(async path => {
      const { mode, uid, gid } = await lstat(path)
      return { name: path.split('/').at(-1) ?? '', mode: (mode & 0o777).toString(8), owner: `${uid}:${gid}` }
    }),
  )
}

/** Everything that Slipway keeps, without the exception in the documents of releases. */
async function otherFiles(): Promise<{ path: string; content: string }[]> {
  const written = JSON.stringify(values.API_TOKEN.replaceAll('$', '$$$$')).slice(1, -1)
  return Promise.all(
    (await everyFile())
      .filter(path => !isSecretFile(path))
      .map(async path => {
        const content = await readFile(path, 'latin1')
        return { path, content: path.endsWith('.compose.json') ? content.replaceAll(written, '') : content }
      }),
  )
}

async function layersOf(image: string): Promise<Buffer> {
  const child = spawn('docker', ['save', image], { stdio: ['ignore', 'pipe', 'inherit'] })
  const pieces: Buffer[] = []
  for await (const piece of child.stdout) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}
