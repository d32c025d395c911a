import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Pulse } from '../../soak/pulse.mjs'
import { PulseOnServer } from '../../soak/pulse-on-server.mjs'
import { thorough } from '../sample.ts'

/** A server that goes down and comes back, and nobody who runs a command: what does it do by itself? */
let pulse: PulseOnServer
/** Another app, which the server deploys itself. */
let local: Pulse | undefined
const here = resolve(import.meta.dirname, '../../..')
const folder = '/srv/pulse'
const home = '/var/lib/slipway'
const slipway = ['node', '/opt/slipway/dist/slipway.js']

describe.runIf(thorough)('a machine that starts', () => {
  beforeAll(async () => {
    pulse = await PulseOnServer.create({
      name: `start-${randomBytes(3).toString('hex')}`,
      rehearse: 'off',
      watch: 'off',
      warm: '10m',
    })
  }, 240_000)

  afterAll(async () => {
    await local?.destroy()
    await pulse?.destroy()
  })

  test('deployed from elsewhere: who looks after the warm release comes back with the machine', async () => {
    await pulse.version(1)
    for (const _each of ['first', 'without a migration, so that the first stays warm']) {
      await changeCode(pulse)
      const deployed = await pulse.slipway('deploy', 'prod')
      expect(deployed.exitCode, deployed.stderr).toBe(0)
    }
    await untilTended(pulse)

    // When only that process dies, its runner has nothing left to do. Whoever looks has it begun again, for good.
    await pulse.inside('pkill', '-KILL', '-f', '__tend')
    expect(await until(async () => !(await isTended(pulse)))).toBe(true)
    const looked = await pulse.slipway('status', 'prod')
    expect(looked.exitCode, looked.stderr).toBe(0)
    await sleep(5000)
    expect(await isTended(pulse)).toBe(true)

    await pulse.server.crash()
    await untilTended(pulse)
    await pulse.server.reboot()
    await untilTended(pulse)
    expect(await until(async () => (await pulse.versions()).web === '1')).toBe(true)
  })

  test('deployed by itself: the unit ends what was cut off, and looks after the warm release', async () => {
    local = await Pulse.create({ rehearse: 'off', watch: 'off', warm: '10m' })
    const app = local
    await bringSlipway()
    await bringProject(app, 1)
    expect((await inFolder('deploy', 'prod')).code).toBe(0)
    const installed = await inFolder('at-start', '--install')
    expect(installed.code, installed.stderr).toBe(0)
    expect((await inFolder('at-start')).code).toBe(0)
    const proven = await pulse.server.inside(['systemd-analyze', 'verify', 'slipway-resume.service'])
    expect(proven.stderr).not.toContain('slipway-resume')

    await bringProject(app, 2)
    void inFolder('deploy', 'prod')
    expect(await until(async () => (await journal(app, 'd2')).includes('"step-started","step":"start"'))).toBe(true)
    await pulse.server.crash()
    expect(await until(async () => (await journal(app, 'd2')).includes('"deployment-finished"'))).toBe(true)
    expect(await journal(app, 'd2')).toContain('"recovering"')
    const unit = await pulse.inside('systemctl', 'show', '--property=ActiveState,Result', 'slipway-resume.service')
    expect(unit.trim().split('\n').sort()).toEqual(['ActiveState=active', 'Result=success'])

    expect((await inFolder('deploy', 'prod')).code).toBe(0)
    // That one was held, and nothing is kept warm after a hold.
    await changeCode(app)
    await bringProject(app, 2)
    expect((await inFolder('deploy', 'prod')).code).toBe(0)
    await untilTended(app)
    await pulse.server.reboot()
    await untilTended(app)
    // It is on its way for a moment longer.
    const unitNow = async () => (await pulse.server.inside(['systemctl', 'status', 'slipway-resume.service'])).stdout
    await expect.poll(unitNow, { timeout: 30_000, interval: 500 }).toMatch(/active \(exited\)[^]*__tend/)
  })
})

/** Another release that does the same, on the same schema. */
function changeCode({ directory }: Pulse): Promise<void> {
  return appendFile(join(directory, 'web.mjs'), '\n// Changed.\n')
}

/** By the lock alone: a command would begin it again. */
async function isTended(app: Pulse): Promise<boolean> {
  const { code } = await pulse.server.inside(['flock', '--shared', '--nonblock', join(storeOf(app), 'tending'), 'true'])
  return code === 1
}

const storeOf = ({ app }: Pulse): string => join(home, 'apps', `${app}-prod`)

async function untilTended(app: Pulse): Promise<void> {
  if (await until(() => isTended(app))) return
  const seen = await Promise.all([
    pulse.server.inside([
      'sh',
      '-c',
      `cat ${storeOf(app)}/warm.json; date --utc; tail -n 3 ${storeOf(app)}/history.jsonl`,
    ]),
    pulse.server.inside(['docker', 'ps', '--all', '--format', '{{.Names}} {{.Status}}']),
    pulse.server.inside([
      'sh',
      '-c',
      'for each in $(docker ps -aq -f label=slipway.runner); do docker logs $each; done 2>&1',
    ]),
    pulse.server.inside(['systemctl', 'status', 'slipway-resume.service']),
  ])
  expect.fail(`nobody looks after the warm release: ${seen.map(({ stdout }) => stdout).join('\n')}`)
}

async function journal(app: Pulse, id: string): Promise<string> {
  return (await pulse.server.inside(['cat', join(storeOf(app), 'deployments', `${id}.jsonl`)])).stdout
}

async function until(isSo: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 240; tries++) {
    if (await isSo().catch(() => false)) return true
    await sleep(250)
  }
  return false
}

function inFolder(...argv: string[]) {
  return pulse.server.inside(['env', '-C', folder, `SLIPWAY_HOME=${home}`, ...slipway, ...argv], { timeout: 170_000 })
}

/** Node out of the image, and the command line as it is built. */
async function bringSlipway(): Promise<void> {
  const id = (await pulse.inside('docker', 'create', 'node:22-bookworm-slim')).trim()
  await pulse.inside('docker', 'cp', `${id}:/usr/local/bin/node`, '/usr/local/bin/node')
  await pulse.inside('docker', 'rm', id)
  await bring(join(here, 'packages/slipway'), '/opt/slipway', ['package.json', 'dist'])
}

async function bringProject(app: Pulse, version: number): Promise<void> {
  await app.version(version)
  const file = join(app.directory, 'slipway.yaml')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace(/^backups: .*/m, 'backups: { directory: /var/backups/pulse, keep: 2 }'))
  await bring(app.directory, folder, ['.'])
}

async function bring(from: string, to: string, names: string[]): Promise<void> {
  const options = { encoding: 'buffer' as const, maxBuffer: 256 * 1024 ** 2 }
  const { stdout } = await promisify(execFile)('tar', ['-C', from, '-c', ...names], options)
  await pulse.inside('mkdir', '-p', to)
  const { code, stderr } = await pulse.server.inside(['tar', '-C', to, '-x', '--no-same-owner'], { input: stdout })
  expect(code, stderr).toBe(0)
}
