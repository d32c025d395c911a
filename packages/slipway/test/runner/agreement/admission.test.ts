import { mkdtemp, readFile, rm, stat, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { admitScript, admittedLine, markOf } from '../../../src/runner/agreement/admission.ts'
import { wholeScript } from '../../../src/servers/ssh/script.ts'
import { layout } from '../../../src/store/layout.ts'
import { run } from '../../../src/support/run.ts'

const publicKey = `ssh-ed25519 ${'A'.repeat(68)} slipway shop-prod`
const place = layout('shop-prod', '/var/lib/slipway')
const follower = { project: 'shop-prod', server: 'a', image: 'slipway-runner:1', layout: place, publicKey }
let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-home-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

test('a key is let in for one command, which has no network and sees only the journals', () => {
  const line = admittedLine(follower)
  expect(line).toMatch(
    /^command="'docker' 'run' .*'slipway-runner:1' '__agree' 'shop-prod' 'a'",restrict ssh-ed25519 A{68} slipway-agreement:shop-prod:a$/,
  )
  expect(line).toContain("'--network=none' '--read-only' '--cap-drop=ALL'")
  expect(line).not.toContain('docker.sock')
  expect(line.match(/source=[^,]*/g)).toEqual([
    'source=/var/lib/slipway/apps/shop-prod/deployments',
    'source=/var/lib/slipway/apps/shop-prod/agreement/reports',
  ])
})

test.each([
  ['a key of two lines', { publicKey: `${publicKey}\ncommand="sh" ssh-ed25519 AAAA`, isFine: true }],
  ['no key', { publicKey: 'command="sh" ssh-ed25519 AAAA' }],
  ['another kind of key', { publicKey: publicKey.replace('ed25519', 'rsa') }],
  ['a key with options behind it', { publicKey: `ssh-ed25519 ${'A'.repeat(60)}",pty` }],
  ['a name that is none', { server: 'a",pty,command="sh' }],
  ['a name that climbs', { server: '../a' }],
  ['a project that is none', { project: 'shop prod' }],
  ['an image of two lines', { image: 'x\nssh-ed25519 AAAA' }],
])(
  '%s never becomes more than a line of this follower',
  (_, { isFine = false, ...changed }: Record<string, unknown> & { isFine?: boolean }) => {
    const made = (): string => admittedLine({ ...follower, ...changed })
    if (isFine) expect(made()).not.toContain('\n')
    else expect(made).toThrow()
  },
)

test('what a shell makes of the command are the words that were meant', async () => {
  const odd = { ...follower, image: `it's "odd" $(id) \`id\` $HOME` }
  const written = /^command="((?:\\.|[^"\\])*)",restrict /.exec(admittedLine(odd))?.[1] ?? ''
  // As sshd reads it.
  const command = written.replaceAll('\\"', '"').replace("'docker'", "'printf' '%s\\n'")
  const { stdout } = await run('sh', ['-c', command])
  expect(stdout.split('\n').at(-5)).toBe(odd.image)
})

const admit = (...lines: string[]) =>
  run('sh', ['-s', '--', markOf('shop-prod'), ...lines], {
    input: wholeScript(admitScript),
    environment: { HOME: home },
  })
const keys = () => readFile(join(home, '.ssh/authorized_keys'), 'utf8')

test('lines of this environment are replaced, all others stay as they are', async () => {
  await mkdir(join(home, '.ssh'), { mode: 0o700 })
  const own = 'ssh-ed25519 BBBB alice@laptop\n# slipway-agreement:shop-prod:a is let in below\n'
  const another = 'command="x" ssh-ed25519 CCCC slipway-agreement:shop-prod2:a'
  await writeFile(join(home, '.ssh/authorized_keys'), `${own}old slipway-agreement:shop-prod:gone\n${another}`, {
    mode: 0o640,
  })
  const line = admittedLine(follower)
  expect(await admit(line)).toMatchObject({ exitCode: 0 })
  expect(await keys()).toBe(`${own}${another}\n${line}\n`)
  expect((await stat(join(home, '.ssh/authorized_keys'))).mode & 0o777).toBe(0o640)
  const { ino } = await stat(join(home, '.ssh/authorized_keys'))
  expect(await admit(line)).toMatchObject({ exitCode: 0 })
  expect((await stat(join(home, '.ssh/authorized_keys'))).ino).toBe(ino)
  expect(await admit()).toMatchObject({ exitCode: 0 })
  expect(await keys()).toBe(`${own}${another}\n`)
})

test('a file that is not there yet is made, for its owner alone', async () => {
  expect(await admit('a line', '$(touch x); `id`')).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await keys()).toBe('a line\n$(touch x); `id`\n')
  expect((await stat(join(home, '.ssh/authorized_keys'))).mode & 0o777).toBe(0o600)
})
