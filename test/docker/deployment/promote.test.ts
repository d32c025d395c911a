import { execFile, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OwnRegistry, startRegistry } from '../../../lab/own-registry.mjs'
import { docker } from '../project.ts'
import { Stages } from '../stages.ts'

/** Images from a real registry, by digest: deployed, gone back to, promoted from staging to prod, and refused. */
const server = (version: string) => `
require('node:http').createServer((request, response) => {
  response.statusCode = request.url === '/' && require('node:fs').existsSync('/tmp/ill') ? 500 : 200
  response.end('${version} ' + process.env.STAGE)
}).listen(3000)
process.on('SIGTERM', () => process.exit(0))
`
const token = `canary-${randomBytes(9).toString('hex')}`
let stages: Stages
let registry: OwnRegistry
let pushing: string
let argv = ''
let sampler: ReturnType<typeof spawn>

beforeAll(async () => {
  registry = await startRegistry({ user: 'bot', password: token })
  stages = await Stages.create('staging', 'prod')
  stages.variables['REGISTRY_TOKEN'] = token
  pushing = join(stages.base, 'pushing')
  await mkdir(pushing)
  const login = spawn('docker', ['--config', pushing, 'login', '--username=bot', '--password-stdin', registry.host])
  login.stdin.end(token)
  await new Promise(resolve => login.once('close', resolve))
  await push('1')
  await compose()
  await configure()
  sampler = spawn(process.execPath, [join(import.meta.dirname, 'sampler.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] })
  sampler.stdout?.setEncoding('utf8').on('data', (text: string) => (argv += text))
}, 120_000)
afterAll(async () => {
  sampler?.kill()
  await stages?.destroy()
  await registry?.stop()
})

const name = () => `${registry.host}/${stages.app}/api`

/** Makes this version and lets the tag `live` stand for it. Returns its digest, by the registry's own files. */
async function push(version: string): Promise<string> {
  const command = JSON.stringify(['node', '-e', server(version)])
  await stages.image(`${name()}:live`, `FROM node:22-bookworm-slim\nENV VERSION=${version}\nCMD ${command}\n`)
  await promisify(execFile)('docker', ['--config', pushing, 'push', '--quiet', `${name()}:live`])
  // Nothing of it stays here: the server has only what it pulls.
  await docker('image', 'rm', '--force', `${name()}:live`)
  return (await readFile(link(), 'utf8')).trim()
}

const repository = () => join(registry.data, 'docker/registry/v2/repositories', stages.app, 'api')
const link = () => join(repository(), '_manifests/tags/live/current/link')

async function compose(change: (text: string) => string = text => text): Promise<void> {
  const text = `
# The variable is for whoever has an image of their own.
services:
  api:
    image: \${API_IMAGE:-${name()}:live}
    expose: [3000]
    environment: { STAGE: "\${STAGE:-none}" }
    volumes: ["./banner.txt:/banner.txt:ro"]
  worker:
    image: ${name()}:live
    command: [sleep, infinity]
    init: true
`
  await stages.write('compose.yaml', change(text))
  await stages.write('banner.txt', 'hello\n')
  for (const stage of ['staging', 'prod']) {
    await stages.write(`compose.${stage}.yaml`, `services: { api: { environment: { STAGE: ${stage} } } }\n`)
  }
}

async function configure(more = ''): Promise<void> {
  await stages.configure(
    `compose: compose.yaml
services: { api: { role: web }, worker: { role: worker } }
health: { path: /, deadline: 10s }
registries: { "${registry.host}": { user: bot, password: REGISTRY_TOKEN } }
watch: 1s
warm: off
${more}`,
    { staging: 'compose: compose.staging.yaml', prod: 'compose: compose.prod.yaml' },
  )
}

async function run(...words: string[]) {
  const ran = await stages.slipway(...words, '--json')
  const { result, error } = JSON.parse(ran.stdout)
  return { ...ran, result, error }
}

async function imagesOf(environment: string): Promise<Record<string, string>> {
  const { result } = await run('status', environment)
  return Object.fromEntries(result.services.map((each: { name: string; image: string }) => [each.name, each.image]))
}

describe('a registry', () => {
  let first = ''
  let second = ''

  test('says what a tag stands for: that is planned, deployed and shown, and it is asked anew each time', async () => {
    first = (await readFile(link(), 'utf8')).trim()
    const plan = await run('plan', 'staging')
    expect(plan.exitCode, plan.stderr).toBe(6)
    expect(plan.result.services[0]).toMatchObject({ name: 'api', image: `${name()}@${first}` })
    expect((await run('deploy', 'staging')).exitCode).toBe(0)
    expect(await imagesOf('staging')).toEqual({ api: `${name()}@${first}`, worker: `${name()}@${first}` })
    expect(await stages.answer('staging')).toBe('1 staging')
    expect(await run('deploy', 'staging')).toMatchObject({ result: { outcome: 'unchanged' } })

    second = await push('2')
    expect(second).not.toBe(first)
    expect(await run('plan', 'staging')).toMatchObject({
      exitCode: 6,
      result: { services: [{ change: 'changed' }, { change: 'changed' }] },
    })
    expect(await run('deploy', 'staging')).toMatchObject({ exitCode: 0, result: { outcome: 'deployed' } })
    expect(await stages.answer('staging')).toBe('2 staging')
    expect(await imagesOf('staging')).toMatchObject({ api: `${name()}@${second}` })
  })

  test('is not asked on the way back, and the digest is the one of then', async () => {
    await registry.down()
    expect(await run('rollback', 'staging')).toMatchObject({ exitCode: 0 })
    await registry.up()
    expect(await stages.answer('staging')).toBe('1 staging')
    expect(await imagesOf('staging')).toMatchObject({ api: `${name()}@${first}` })
    expect((await run('deploy', 'staging')).exitCode).toBe(0)
  })

  const blob = (digest: string) => {
    const hex = digest.replace('sha256:', '')
    return join(registry.data, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data')
  }
  const troubles: [string, string, RegExp, () => Promise<() => Promise<unknown>>][] = [
    [
      'refuses the login',
      'before',
      /does not accept the login/,
      async () => {
        await registry.setPassword('another')
        return () => registry.setPassword(token)
      },
    ],
    [
      'does not answer',
      'before',
      /does not answer/,
      async () => {
        await registry.down()
        return () => registry.up()
      },
    ],
    [
      'does not have the tag any more',
      'before',
      /does not have it/,
      async () => {
        const kept = await readFile(link(), 'utf8')
        await rm(link())
        return () => writeFile(link(), kept)
      },
    ],
    [
      'is killed between plan and pull',
      `process.kill(${'PID'}, 'SIGKILL')`,
      /does not answer/,
      async () => async () => {
        await registry.down()
        await registry.up()
      },
    ],
    [
      'has lost the image between plan and pull',
      `require('node:fs').rmSync('BLOB')`,
      /does not have it/,
      async () => async () => undefined,
    ],
    [
      'sends something else under the digest',
      `require('node:fs').appendFileSync('BLOB', ' ')`,
      /not what the digest stands for/,
      async () => async () => undefined,
    ],
  ]

  test.each(troubles)('that %s: an error says so, and the old release serves', async (_what, when, says, disturb) => {
    const digest = await push(randomBytes(4).toString('hex'))
    const saved = await readFile(blob(digest))
    if (when !== 'before') {
      const script = when.replace('PID', String(registry.child.pid)).replace('BLOB', blob(digest))
      await stages.write('disturb.cjs', script)
      await configure('hooks: { before_deploy: [node, disturb.cjs] }')
    }
    const mend = await disturb()
    const { exitCode, result, error, stderr } = await run('deploy', 'staging')
    await mend()
    await configure()
    const failure = error ?? result.failure
    expect(failure?.code, stderr).toBe('REGISTRY_FAILED')
    expect(failure.why).toMatch(says)
    expect(exitCode).toBe(1)
    expect(await stages.answer('staging')).toBe('2 staging')
    await writeFile(blob(digest), saved)
  })

  test('gets no password by arguments, nor keeps Docker one', async () => {
    sampler.stdin?.end()
    await new Promise(resolve => sampler.once('close', resolve))
    expect(argv).toContain('--password-stdin')
    expect(argv).not.toContain(token)
    const usual = join(process.env['DOCKER_CONFIG'] ?? join(process.env['HOME'] ?? '', '.docker'), 'config.json')
    expect(await readFile(usual, 'utf8').catch(() => '')).not.toContain(registry.host)
    const encoded = Buffer.from(`bot:${token}`).toString('base64')
    const found = await promisify(execFile)('grep', [
      '-rlE',
      `${token}|${encoded}`,
      join(stages.base, 'home'),
      '/dev/shm',
    ]).catch(() => ({ stdout: '' }))
    expect(found.stdout).toBe('')
  })
})
