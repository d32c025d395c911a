import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTraffic, type Traffic } from '../../../traffic/traffic.mjs'
import { sample, thorough } from '../sample.ts'
import { PulseOnServer } from '../../soak/pulse-on-server.mjs'
import { sealSecret } from './pulse-secret.ts'
import { serverImages } from './server-images.ts'

/** From a laptop to a server: code is sent, the server deploys, and nothing that happens to the laptop matters. */
let pulse: PulseOnServer
let traffic: Traffic | undefined
let identity = ''
const secret = `canary-${randomBytes(9).toString('hex')}`

beforeAll(async () => {
  const images = await serverImages()
  pulse = await PulseOnServer.create({
    name: `remote-${randomBytes(3).toString('hex')}`,
    images,
    rehearse: 'off',
    watch: 'off',
  })
  // To this one the runner is sent, as to a server that never had it.
  await pulse.inside('docker', 'image', 'rm', images.at(-1) ?? '')
  await giveSecret()
  await pulse.version(1)
  const first = await pulse.slipway('deploy', 'prod', '--json')
  expect(first.exitCode, first.stderr).toBe(0)
  expect(first.stderr).toContain("bringing Slipway's runner to lab: once for this version")
  traffic = startTraffic({
    baseUrl: pulse.baseUrl,
    rate: 15,
    timeoutMs: 60_000,
    writes: { path: '/notes', share: 0.4, makeBody: id => ({ id }) },
    reads: [{ path: '/health' }],
  })
}, 240_000)

afterAll(async () => {
  await traffic?.stop()
  await pulse?.destroy()
})

/** Mounted into the web service. */
async function giveSecret(): Promise<void> {
  identity = await sealSecret(pulse, 'TOKEN', secret)
  const file = join(pulse.directory, 'compose.yaml')
  const compose = (await readFile(file, 'utf8')).replace(/^ {2}web:\n/m, '$&    secrets: [TOKEN]\n')
  await writeFile(file, `${compose}\nsecrets: { TOKEN: { environment: TOKEN } }\n`)
}

test('the laptop dies and the connection of the next one is cut: the deployment goes on and both see how it ends', async () => {
  await pulse.version(2)
  const laptop = pulse.start(['deploy', 'prod'], line => {
    if (/ backup +started/.test(line)) laptop.child.kill('SIGKILL')
  })
  expect((await laptop.ended).signal).toBe('SIGKILL')

  const watching = pulse.start(['attach', 'prod', '--json'])
  const before = await pulse.inside('cat', deployed())
  const other = await fromAnotherBranch(() => pulse.slipway('deploy', 'prod', '--json'))
  expect(other.exitCode, other.stderr).toBe(5)
  expect(JSON.parse(other.stdout)).toMatchObject({
    error: { code: 'LOCKED', why: expect.stringMatching(/^\w+@\S+ holds the lock since 20/) },
  })
  // Whoever is refused changes nothing of what looking, going back and recovery go by.
  expect(before).toContain('/uploads/')
  expect(await pulse.inside('cat', deployed())).toBe(before)
  await pulse.server.inside(['pkill', '-KILL', '-u', 'deploy', 'sshd'])

  const seen = await watching.ended
  expect(seen.exitCode, seen.stderr).toBe(0)
  expect(seen.stderr).toContain('Connecting again')
  const { events, outcome } = JSON.parse(seen.stdout).result
  expect(outcome).toBe('deployed')
  const starts = events.filter((event: { type: string }) => event.type === 'step-started')
  expect(new Set(starts.map((event: { step: string }) => event.step)).size).toBe(starts.length)
  expect(await pulse.versions()).toMatchObject({ web: '2', schema: '2' })
  expect(traffic?.summary().failed).toBe(0)
})

const deployed = () => `${pulse.store}/deployed.json`

async function fromAnotherBranch<T>(act: () => Promise<T>): Promise<T> {
  const file = join(pulse.directory, 'slipway.yaml')
  const text = await readFile(file, 'utf8')
  await writeFile(file, `${text}# another branch\n`)
  try {
    return await act()
  } finally {
    await writeFile(file, text)
  }
}

test('looking, backing up and going back work from here with what the server knows', async () => {
  const [status, history, logs, backup] = await Promise.all(
    [['status'], ['history'], ['logs'], ['backup']].map(argv => pulse.slipway(...argv, 'prod', '--json')),
  )
  for (const each of [status, history, logs, backup]) expect(each?.exitCode, each?.stderr).toBe(0)
  expect(JSON.parse(status?.stdout ?? '').result).toMatchObject({ current: { release: 'r2' }, edge: { live: 'r2' } })
  expect(JSON.parse(history?.stdout ?? '').result).toMatchObject([
    { id: 'd2', by: expect.stringContaining('@') },
    { id: 'd1' },
  ])
  expect(JSON.parse(logs?.stdout ?? '').result.length).toBeGreaterThan(0)
  const { file } = JSON.parse(backup?.stdout ?? '').result
  expect(await pulse.inside('stat', '--format=%a', file)).toBe('600\n')
})

test('a command in a container there: streams, words and exit code are those of one here', async () => {
  const hostile = ['; touch /tmp/x', '$(id)', "it's", 'a\nb', '', '--help', '--', 'ü☃']
  const print =
    'process.stdin.on("data", d => process.stdout.write(d)).on("end", () => { process.stderr.write(JSON.stringify(process.argv.slice(1))); process.exit(37) })'
  // Docker 20.10 lets go of what is not read two seconds after the command has ended.
  const bytes = randomBytes(30_000).toString('base64')
  const ran = pulse.start(['exec', 'prod', 'web', '--', 'node', '-e', print, '--', ...hostile], () => undefined, bytes)
  const { exitCode, stdout, stderr } = await ran.ended
  expect(exitCode, stderr).toBe(37)
  expect(stdout === bytes).toBe(true)
  expect(JSON.parse(stderr)).toEqual(hostile)
  expect((await pulse.slipway('exec', 'prod', 'wep', '--', 'ls')).stderr).toContain('there are db, web, worker')
})

test('what containers say is followed until Ctrl-C, as it is here', async () => {
  const { child, ended } = pulse.start(['logs', 'prod', 'web', '--follow', '--lines', '1'])
  let seen = ''
  child.stdout?.on('data', (text: Buffer) => (seen += text.toString()))
  await expect.poll(() => seen, { timeout: 20_000 }).toMatch(/^web . /)
  child.kill('SIGINT')
  expect((await ended).exitCode).toBe(130)
})

test('a terminal there follows the one here', async () => {
  const script = `
    const tell = () => { console.log('columns ' + process.stdout.columns); if (process.stdout.columns === 61) process.exit(5) };
    process.stdout.on('resize', tell); tell(); setTimeout(() => process.exit(9), 30000)`
  const narrower = join(pulse.directory, '../narrower')
  const argv = ['exec', 'prod', 'web', '--', 'node', '-e', script.replaceAll('\n', ' ')]
  const line = [process.execPath, pulse.cli, ...argv].map(word => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const whenAsked = `(until [ -e '${narrower}' ]; do sleep 0.1; done; stty cols 61 < /dev/tty)`
  const child = spawn(
    'script',
    ['--quiet', '--return', '--command', `stty rows 24 cols 80; ${whenAsked} & ${line}`, '/dev/null'],
    { ...pulse.options(), stdio: ['pipe', 'pipe', 'inherit'] },
  )
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text))
  const ended = new Promise(done => child.on('close', done))
  await expect.poll(() => shown, { timeout: 30_000 }).toContain('columns 80')
  await writeFile(narrower, '')
  expect(await ended, shown).toBe(5)
})

test.runIf(thorough)('going back, code and data', async () => {
  const refused = await pulse.slipway('rollback', 'prod')
  expect(refused.exitCode, refused.stderr).toBe(2)
  const since = performance.now()
  const back = await pulse.slipway('rollback', 'prod', '--data', 'restore', `--confirm=${pulse.app}`, '--json')
  const seconds = (performance.now() - since) / 1000
  expect(back.exitCode, back.stderr).toBe(0)
  const record = JSON.parse(back.stdout).result
  console.log(
    `the command took ${(seconds - record.seconds).toFixed(1)} s more than the rollback (${record.seconds} s)`,
  )
  expect(await pulse.versions()).toMatchObject({ web: '1', schema: '1' })
})

test('no session outlives who asked, however that one ended', async () => {
  const sessions = async () =>
    (await pulse.inside('docker', 'ps', '--no-trunc', '--format', '{{.Command}}'))
      .split('\n')
      .filter(each => each.includes('__session'))
  await expect.poll(sessions, { timeout: 10_000 }).toEqual([])
})

test('an encrypted secret reaches its container and stands nowhere else: the key stays here', async () => {
  const web = (await pulse.inside('docker', 'ps', '--format', '{{.Names}}', '--filter', 'name=-web-1')).trim()
  expect(await pulse.inside('docker', 'exec', web, 'cat', '/run/secrets/TOKEN')).toBe(secret)
  const shown = await pulse.inside(
    'docker',
    'inspect',
    ...(await pulse.inside('docker', 'ps', '-aq')).trim().split('\n'),
  )
  expect(shown).not.toContain(secret)
  for (const text of [secret, Buffer.from(secret).toString('base64'), identity]) {
    const files = await pulse.inside('sh', '-c', 'grep -rlF -- "$1" /var/lib/slipway /root /home || true', 'sh', text)
    expect(files.split('\n').filter(file => file !== '' && !/\/releases\/r\d+\/secrets\//.test(file))).toEqual([])
  }
})

test('secrets are in no container and in no command line of the server', async () => {
  const ids = (await pulse.inside('docker', 'ps', '--all', '--quiet', '--filter', 'label=slipway.runner'))
    .trim()
    .split('\n')
  expect(ids.length).toBeGreaterThan(0)
  expect(await pulse.inside('docker', 'inspect', ...ids)).not.toContain('PULSE_DB_PASSWORD')
  expect(await pulse.inside('stat', '--format=%a', `${pulse.store}/uploads`)).toBe('700\n')
})

const refusals: [string, string, (text: string) => Promise<() => Promise<unknown>>][] = [
  ['another key of the host', 'HOST_KEY_CHANGED', async hosts => changed(hosts.replace(/AAAA\S+/, await otherKey()))],
  ['a host whose key nobody pinned', 'HOST_KEY_UNKNOWN', () => changed('')],
  [
    'an account that may not use Docker',
    'SERVER_UNSUITABLE',
    () => without(['gpasswd', '-d', 'deploy', 'docker'], ['usermod', '-aG', 'docker', 'deploy']),
  ],
  ['a key that is not let in', 'LOGIN_REFUSED', () => strangeKey()],
  [
    'no Docker',
    'SERVER_UNSUITABLE',
    () => without(['mv', '/usr/bin/docker', '/root/'], ['mv', '/root/docker', '/usr/bin/']),
  ],
  ['a full disk', 'DISK_FULL', () => fullDisk()],
  ['a clock that is wrong', 'CLOCK_WRONG', () => clock(600_000)],
]

test.each(sample(2, refusals))('%s: %s, and nothing is begun', async (_what, code, disturb) => {
  const before = (await pulse.history()).length
  await pulse.version(3)
  const mend = await disturb(await readFile(join(pulse.directory, 'slipway.hosts'), 'utf8'))
  try {
    const { exitCode, stdout, stderr } = await pulse.slipway('deploy', 'prod', '--json')
    expect(JSON.parse(stdout).error, stderr).toMatchObject({ code, next: expect.any(String) })
    expect(exitCode).toBe(1)
  } finally {
    await mend()
  }
  expect(await pulse.history()).toHaveLength(before)
})

async function changed(hosts: string): Promise<() => Promise<unknown>> {
  const file = join(pulse.directory, 'slipway.hosts')
  const text = await readFile(file, 'utf8')
  await writeFile(file, hosts)
  return () => writeFile(file, text)
}

/** A key of the same kind that is not the server's. */
async function otherKey(): Promise<string> {
  return (await readFile(`${pulse.server.rootKey}.pub`, 'utf8')).split(' ')[1] ?? ''
}

async function without(away: string[], back: string[]): Promise<() => Promise<unknown>> {
  await pulse.inside(...away)
  return () => pulse.inside(...back)
}

async function strangeKey(): Promise<() => Promise<unknown>> {
  const file = join(pulse.directory, 'slipway.yaml')
  const key = join(pulse.base, 'strange')
  await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  await writeFile(file, (await readFile(file, 'utf8')).replace(pulse.server.rootKey, key))
  return async () => undefined
}

async function fullDisk(): Promise<() => Promise<unknown>> {
  const folder = `${pulse.store}/uploads`
  return without(['mount', '-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', folder], ['umount', folder])
}

/** The command line here believes that it is later. */
async function clock(aheadMs: number): Promise<() => Promise<unknown>> {
  const file = join(pulse.base, 'clock.mjs')
  await writeFile(
    file,
    `const Real = Date; globalThis.Date = class extends Real { constructor(...given) { given.length === 0 ? super(Real.now() + ${aheadMs}) : super(...given) } }`,
  )
  pulse.variables = { NODE_OPTIONS: `--import=${file}` }
  return async () => void (pulse.variables = {})
}
