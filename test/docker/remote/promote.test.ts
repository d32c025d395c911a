import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type OwnRegistry, startRegistry } from '../../../lab/own-registry.mjs'
import { type LabServer, start } from '../../../lab/server.mjs'
import { docker } from '../project.ts'
import { thorough } from '../sample.ts'
import { Stages } from '../stages.ts'
import { serverImages } from './server-images.ts'

/** From an environment on this machine to one on a server, which pulls by digest with a password that it is told. */
const program = `
require('node:http').createServer((_, response) => response.end('well')).listen(3000)
process.on('SIGTERM', () => process.exit(0))
console.log('started')
`
const token = `canary-${randomBytes(9).toString('hex')}`
let stages: Stages
let registry: OwnRegistry
let server: LabServer
let tunnel: ChildProcess
let digest = ''

describe.runIf(thorough)('a server', () => {
  beforeAll(async () => {
    const images = await serverImages()
    registry = await startRegistry({ user: 'bot', password: token })
    server = await start({
      name: `promote-${randomBytes(3).toString('hex')}`,
      docker: true,
      images,
      log: () => undefined,
    })
    stages = await Stages.create('staging', 'prod')
    stages.variables['REGISTRY_TOKEN'] = token
    // As if the registry were on both machines: Docker speaks to none other without TLS.
    const both = `127.0.0.1:${registry.port}:127.0.0.1:${registry.port}`
    const open = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR']
    tunnel = spawn('ssh', ['-N', ...open, '-i', server.rootKey, '-R', both, `root@${server.address}`], {
      stdio: 'inherit',
    })
    await stages.write('slipway.hosts', `${server.address} ${await server.hostKey()} lab\n`)
    const image = `${registry.host}/${stages.app}/api`
    const command = JSON.stringify(['node', '-e', program])
    await stages.image(`${image}:1`, `FROM node:22-bookworm-slim\nCMD ${command}\n`)
    const pushing = join(stages.base, 'pushing')
    await mkdir(pushing)
    await registry.login(pushing)
    await promisify(execFile)('docker', ['--config', pushing, 'push', '--quiet', `${image}:1`])
    await docker('image', 'rm', '--force', `${image}:1`)
    await stages.write(
      'compose.yaml',
      `services: { api: { image: "\${API_IMAGE:?is set by promote}", expose: [3000], environment: { STAGE: "\${STAGE}" } } }\n`,
    )
    for (const stage of ['staging', 'prod']) {
      await stages.write(`compose.${stage}.yaml`, `services: { api: { environment: { STAGE: ${stage} } } }\n`)
    }
    await stages.configure(
      `compose: compose.yaml
health: { path: /, deadline: 20s }
registries: { "${registry.host}": { user: bot, password: REGISTRY_TOKEN } }
watch: off
warm: off
servers: { lab: { host: ${server.address}, user: deploy, identity: ${server.rootKey} } }`,
      { staging: 'compose: compose.staging.yaml', prod: 'compose: compose.prod.yaml, server: lab' },
    )
    stages.variables['API_IMAGE'] = `${image}:1`
    stages.variables['STAGE'] = 'x'
    const deployed = await stages.slipway('deploy', 'staging', '--json')
    expect(deployed.exitCode, deployed.stderr).toBe(0)
    delete stages.variables['API_IMAGE']
    const status = JSON.parse((await stages.slipway('status', 'staging', '--json')).stdout)
    digest = status.result.services[0].image
  }, 300_000)

  afterAll(async () => {
    tunnel?.kill()
    await server?.stop()
    await stages?.destroy()
    await registry?.stop()
  })

  test('that is cut off in its first promotion goes back to nothing by itself: the promoted image is not in its folder', async () => {
    const promoting = stages.start('promote', 'staging', 'prod', '--json')
    const folder = `/var/lib/slipway/apps/${stages.app}-prod`
    const gates = ['grep', '--quiet', '"step":"gate","does"', `${folder}/deployments/d1.jsonl`]
    await expect.poll(async () => (await server.inside(gates)).code, { timeout: 60_000, interval: 50 }).toBe(0)
    await server.inside(['pkill', '-KILL', '-f', '__guard'])
    await server.inside(['pkill', '-KILL', '-f', '__(runner|work)'])
    const { stdout, stderr } = await promoting.ended
    expect(JSON.parse(stdout).result, stderr).toMatchObject({ outcome: 'rolled-back' })
    const status = JSON.parse((await stages.slipway('status', 'prod', '--json')).stdout).result
    expect(status.current).toBeUndefined()
    expect(status.unfinished).toBeUndefined()
    const left = ['docker', 'ps', '--all', '--quiet', '--filter', `label=slipway.project=${stages.app}-prod`]
    expect((await server.inside(left)).stdout).toBe('')
  })

  test('gets what staging runs here, by the same digest', async () => {
    const dry = await stages.slipway('promote', 'staging', 'prod', '--dry-run', '--json')
    expect(dry.exitCode, dry.stderr).toBe(6)
    expect(JSON.parse(dry.stdout).result.services).toMatchObject([{ name: 'api', image: digest }])
    const promoted = await stages.slipway('promote', 'staging', 'prod', '--json')
    expect(promoted.exitCode, promoted.stderr).toBe(0)
    const status = JSON.parse((await stages.slipway('status', 'prod', '--json')).stdout)
    expect(status.result.services).toMatchObject([{ name: 'api', image: digest }])
    const stage = await stages.slipway('exec', 'prod', 'api', '--', 'printenv', 'STAGE')
    expect(stage).toMatchObject({ exitCode: 0, stdout: 'prod\n' })
  })

  test('gives back what it runs, by the same digest, and keeps no password', async () => {
    const back = await stages.slipway('promote', 'prod', 'staging', '--json')
    expect(back.exitCode, back.stderr).toBe(0)
    expect(JSON.parse(back.stdout).result).toMatchObject({ outcome: 'unchanged' })
    const text = Buffer.from(`bot:${token}`).toString('base64')
    const { stdout } = await server.inside([
      'sh',
      '-c',
      'grep -rlF -e "$1" -e "$2" /var/lib/slipway /root /home /dev/shm /tmp || true',
      'sh',
      token,
      text,
    ])
    expect(stdout).toBe('')
  })

  test('that does not reach the registry keeps what it runs', async () => {
    const before = JSON.parse((await stages.slipway('status', 'prod', '--json')).stdout).result
    const other = `${registry.host}/${stages.app}/api@sha256:${'0'.repeat(64)}`
    stages.variables['API_IMAGE'] = other
    const gone = JSON.parse((await stages.slipway('deploy', 'prod', '--json')).stdout)
    expect(gone.result.failure).toMatchObject({
      code: 'REGISTRY_FAILED',
      why: expect.stringContaining('does not have it'),
    })
    tunnel.kill()
    const silent = JSON.parse((await stages.slipway('deploy', 'prod', '--json')).stdout)
    expect(silent.result.failure).toMatchObject({
      code: 'REGISTRY_FAILED',
      why: expect.stringContaining('does not answer'),
    })
    const after = JSON.parse((await stages.slipway('status', 'prod', '--json')).stdout).result
    expect(after.current).toEqual(before.current)
  })
})
