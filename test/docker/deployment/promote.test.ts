import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OwnRegistry, startRegistry } from '../../../lab/own-registry.mjs'
import { docker } from '../project.ts'
import { sample, thorough } from '../sample.ts'
import { Stages } from '../stages.ts'
import { composeText, server } from './promoted-app.ts'

// Images from a real registry, by digest: deployed, gone back to, promoted from staging to prod, and refused.

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
  await registry.login(pushing)
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
  await stages.write('compose.yaml', change(composeText(name())))
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

  test.runIf(thorough)('is not asked on the way back, and the digest is the one of then', async () => {
    await registry.down()
    expect(await run('rollback', 'staging')).toMatchObject({ exitCode: 0 })
    await registry.up()
    expect(await stages.answer('staging')).toBe('1 staging')
    expect(await imagesOf('staging')).toMatchObject({ api: `${name()}@${first}` })
    expect((await run('deploy', 'staging')).exitCode).toBe(0)
  })

  test.runIf(thorough)(
    'has what somebody has removed on the server: going back pulls it again, by its digest',
    async () => {
      const ids = (
        await docker(
          'image',
          'ls',
          '--no-trunc',
          '--format',
          '{{.ID}}',
          '--filter',
          `reference=slipway/${stages.app}-staging/*:r1`,
        )
      )
        .split('\n')
        .filter(Boolean)
      await docker('image', 'rm', '--force', ...new Set(ids))
      const back = await run('rollback', 'staging', 'r1')
      expect(back.exitCode, back.stderr).toBe(0)
      expect(back.stderr).toContain(`pulling ${name()}@${first}`)
      expect(await stages.answer('staging')).toBe('1 staging')
      expect((await run('deploy', 'staging')).exitCode).toBe(0)
    },
  )

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
      'sends something else under the digest',
      `require('node:fs').appendFileSync('BLOB', ' ')`,
      /not what the digest stands for/,
      async () => async () => undefined,
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
      "process.kill(PID, 'SIGKILL')",
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
  ]

  test.each(sample(1, troubles))(
    'that %s: an error says so, and the old release serves',
    async (_what, when, says, disturb) => {
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
    },
  )

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

describe('promoting', () => {
  const problem = async (...words: string[]) => {
    const ran = await run(...words)
    return { ...(ran.error ?? ran.result.failure), exitCode: ran.exitCode, stderr: ran.stderr }
  }
  let tested = ''

  test('gives prod the digests that staging runs, wherever the tag has gone since', async () => {
    tested = (await imagesOf('staging'))['api'] ?? ''
    const latest = await push('9')
    expect(tested).not.toContain(latest)
    const dry = await run('promote', 'staging', 'prod', '--dry-run')
    expect(dry.exitCode, dry.stderr).toBe(6)
    expect(dry.result).toMatchObject({
      promotion: { from: 'staging', images: { api: tested, worker: tested } },
      services: [{ image: tested }, { image: tested }],
    })
    expect(await run('status', 'prod')).toMatchObject({ result: { services: [] } })

    const promoted = await run('promote', 'staging', 'prod')
    expect(promoted.exitCode, promoted.stderr).toBe(0)
    expect(promoted.stderr).toContain('watched for 1 s after the switch, and did well')
    expect(await imagesOf('prod')).toEqual({ api: tested, worker: tested })
    // The images are staging's, the settings are its own.
    expect(await stages.answer('prod')).toBe('2 prod')
    const [record] = (await run('history', 'prod')).result
    expect(record).toMatchObject({ promoted: { from: 'staging' }, version: promoted.result.version })
    const ids = async (stage: string) =>
      (
        await docker(
          'ps',
          '--no-trunc',
          '--format',
          '{{.Image}}',
          '--filter',
          `label=slipway.project=${stages.app}-${stage}`,
          '--filter',
          'label=slipway.role',
        )
      )
        .split('\n')
        .filter(each => each.startsWith('sha256:') || each.includes(stages.app))
        .sort()
    expect(await ids('prod')).toEqual(await ids('staging'))
    expect((await run('promote', 'staging', 'prod')).result).toMatchObject({ outcome: 'unchanged' })
  })

  test.runIf(thorough)(
    'reaches the service through the variable of its image, and also what takes that variable besides',
    async () => {
      tested = (await imagesOf('staging'))['api'] ?? ''
      await compose(text => text.replace('STAGE: "${STAGE:-none}"', 'STAGE: "x", MINE: "${API_IMAGE:?}"'))
      expect(JSON.stringify((await run('deploy', 'staging')).error)).toContain('API_IMAGE')
      stages.variables['API_IMAGE'] = tested
      expect((await run('deploy', 'staging')).exitCode).toBe(0)
      delete stages.variables['API_IMAGE']
      const promoted = await run('promote', 'staging', 'prod')
      expect(promoted.exitCode, promoted.stderr).toBe(0)
      const mine = await stages.slipway('exec', 'prod', 'api', '--', 'printenv', 'MINE')
      expect(mine.stdout.trim()).toBe(tested)
      await compose()
      expect((await run('deploy', 'staging')).exitCode).toBe(0)
    },
  )

  const changes: [string, () => Promise<unknown>, RegExp][] = [
    [
      'another Compose file',
      () => compose(text => text.replace('sleep, infinity', 'sleep, "9"')),
      /compose\.yaml, or what it mounts read-only, is not as it is in r\d+ of staging/,
    ],
    [
      'a container that does badly',
      () => stages.slipway('exec', 'staging', 'api', '--', 'touch', '/tmp/ill'),
      /does not answer well on its health path/,
    ],
    [
      'another file that is mounted read-only',
      () => stages.write('banner.txt', 'other\n'),
      /compose\.yaml, or what it mounts/,
    ],
    [
      'an image of its own',
      () => stages.write('compose.prod.yaml', `services: { worker: { image: "${name()}:live" } }\n`),
      /compose\.prod\.yaml gives worker another image/,
    ],
    [
      'a service that nobody has tested',
      () =>
        stages.write(
          'compose.prod.yaml',
          'services: { more: { image: "node:22-bookworm-slim", command: [sleep, "9"] } }\n',
        ),
      /staging runs no more/,
    ],
    [
      'a container that is gone',
      () => docker('stop', '--time', '0', ...workers.split('\n').filter(Boolean)),
      /worker-1 exited with code/,
    ],
  ]
  let workers = ''

  test.each(sample(1, changes))(
    'is refused for %s, with the reason; prod goes on as it was',
    async (_what, change, says) => {
      workers = await docker(
        'ps',
        '-q',
        '--filter',
        `label=slipway.project=${stages.app}-staging`,
        '--filter',
        'label=slipway.role=worker',
      )
      await change()
      const before = (await run('history', 'prod')).result.length
      const { code, why, state, next, exitCode, stderr } = await problem('promote', 'staging', 'prod')
      expect(code, stderr).toBe('PROMOTION_REFUSED')
      expect(why).toMatch(says)
      expect(state).toContain('nothing was changed')
      expect(next).toContain('slipway')
      expect(exitCode).toBe(1)
      expect((await run('history', 'prod')).result).toHaveLength(before)
      expect(await stages.answer('prod')).toMatch(/ prod$/)
      await stages.slipway('exec', 'staging', 'api', '--', 'rm', '-f', '/tmp/ill')
      if (workers !== '') await docker('start', ...workers.split('\n').filter(Boolean))
      await compose()
    },
  )

  test.runIf(thorough)(
    'is refused for an image that was built there, and for an environment without a release',
    async () => {
      await stages.write(
        'Dockerfile',
        `FROM node:22-bookworm-slim\nCMD ${JSON.stringify(['node', '-e', server('b')])}\n`,
      )
      await compose(text => text.replace(/image: \$\{API_IMAGE.*\}/, 'build: .'))
      expect((await run('deploy', 'staging')).exitCode).toBe(0)
      expect(await problem('promote', 'staging', 'prod')).toMatchObject({
        code: 'PROMOTION_REFUSED',
        why: expect.stringContaining('the image of api was built there and is in no registry'),
      })
      expect(await problem('promote', 'prod', 'prod')).toMatchObject({ code: 'USAGE', exitCode: 2 })
      expect(await problem('promote', 'prod', 'elsewhere')).toMatchObject({ code: 'ENVIRONMENT_UNKNOWN' })
    },
  )
})
