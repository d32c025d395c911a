import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { docker } from '../project.ts'
import { Stages } from '../stages.ts'

/** Commands in containers of what serves: streams, exit codes, terminals, and words that mean nothing to anybody else. */
const server = `
require('node:http').createServer((_, response) => response.end('well')).listen(3000)
process.on('SIGTERM', () => process.exit(0))
`
let stages: Stages

beforeAll(async () => {
  stages = await Stages.create('prod')
  await stages.write(
    'compose.yaml',
    `services:
  web:
    image: node:22-bookworm-slim
    command: [node, -e, ${JSON.stringify(server)}]
    expose: [3000]
    environment: { DB_PASSWORD: canary-exec-81 }
    deploy: { replicas: 2 }
  store: { image: "redis:7-alpine" }
`,
  )
  await stages.configure('health: { path: /, deadline: 20s }\nwatch: off\nwarm: off')
  const none = await stages.slipway('exec', 'web', '--', 'true')
  expect(none).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Nothing was deployed yet') })
  const deployed = await stages.slipway('deploy', '--json')
  expect(deployed.exitCode, deployed.stderr).toBe(0)
}, 90_000)
afterAll(() => stages.destroy())

async function commands(): Promise<string[]> {
  const text = await docker('top', `${stages.app}-prod-r1-web-1`, '-o', 'pid,comm')
  return text.split('\n').map(line => line.trim().split(/\s+/)[1] ?? '')
}

describe('streams', () => {
  test('are passed through byte by byte, and the exit code is that of the command', async () => {
    const bytes = randomBytes(3_000_000).toString('base64')
    const echoed = await stages.piped(bytes, 'exec', 'prod', 'web', '--', 'cat')
    expect(echoed.exitCode).toBe(0)
    expect(echoed.stdout === bytes).toBe(true)
    const script = 'process.stdout.write("out"); process.stderr.write("err"); process.exit(37)'
    expect(await stages.slipway('exec', 'prod', 'web', '--', 'node', '-e', script)).toEqual({
      exitCode: 37,
      stdout: 'out',
      stderr: 'err',
    })
  })

  test('as one document: what is piped in reaches the command all the same', async () => {
    const { stdout } = await stages.piped('select 1;\n', 'exec', 'prod', 'web', '--json', '--', 'cat')
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 0, result: { stdout: 'select 1;\n' } })
  })

  test('as one document, when that is asked for', async () => {
    const { stdout, exitCode } = await stages.slipway(
      'exec',
      'web',
      '--json',
      '--',
      'sh',
      '-c',
      'echo a; echo b >&2; exit 3',
    )
    expect(exitCode).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({
      exitCode: 3,
      result: { service: 'web', exitCode: 3, stdout: 'a\n', stderr: 'b\n' },
    })
  })

  test('end with whoever asked: the command ends when its input does', async () => {
    const { child, ended } = stages.start('exec', 'web', '--', 'cat')
    await expect.poll(commands, { timeout: 10_000 }).toContain('cat')
    child.kill('SIGTERM')
    expect((await ended).exitCode).toBe(130)
    await expect.poll(commands, { timeout: 10_000 }).not.toContain('cat')
  })
})

test('the words are the command’s alone, whatever they look like', async () => {
  const hostile = [
    '--help',
    '-it',
    '; touch /tmp/pwned',
    '$(touch /tmp/pwned)',
    "'",
    '"',
    'a\nb',
    '',
    '--',
    'ü☃',
    '../..',
    '%s',
    '\\',
  ]
  const print = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))'
  const { stdout } = await stages.slipway('exec', 'web', '--', 'node', '-e', print, '--', ...hostile)
  expect(JSON.parse(stdout)).toEqual(hostile)
  expect((await stages.slipway('exec', 'web', '--', 'ls', '/tmp')).stdout).not.toContain('pwned')
})

test('a state service, and each of several containers', async () => {
  expect((await stages.slipway('exec', 'prod', 'store', '--', 'redis-cli', 'ping')).stdout).toBe('PONG\n')
  const host = async (replica: string) =>
    (await stages.slipway('exec', 'web', '--replica', replica, '--', 'hostname')).stdout.trim()
  const [first, second] = [await host('1'), await host('2')]
  const id = async (name: string) =>
    (await docker('inspect', '--format', '{{.Id}}', `${stages.app}-prod-r1-${name}`)).slice(0, 12)
  expect([first, second]).toEqual([await id('web-1'), await id('web-2')])
})

describe('a terminal', () => {
  test('is one there too: its size, what is typed, and the exit code', async () => {
    // Docker tells the size a moment after the command has begun.
    const script = 'read line; tty; while stty size | grep -q "^0 0"; do :; done; stty size; echo "got $line"; exit 5'
    const { stdout, exitCode } = await stages.inTerminal(['exec', 'web', '--', 'sh', '-c', script], {
      input: 'hello\n',
    })
    expect(stdout).toMatch(/\/dev\/pts\/\d+\r\n24 80\r\n/)
    expect(stdout).toContain('got hello')
    expect(exitCode).toBe(5)
  })

  test('follows the size of the one here', async () => {
    const script =
      'process.stdout.on("resize", () => { if (process.stdout.columns !== 61) return; console.log("now 61"); process.exit(0) }); setTimeout(() => process.exit(9), 60000)'
    // Again and again: a size that is set before the command has begun is no change to it.
    const meanwhile = 'while sleep 0.5; do stty cols 80; sleep 0.5; stty cols 61; done < /dev/tty 2> /dev/null'
    const { stdout, exitCode } = await stages.inTerminal(['exec', 'web', '--', 'node', '-e', script], { meanwhile })
    expect(stdout).toContain('now 61')
    expect(exitCode).toBe(0)
  })

  test('is not made up where there is none', async () => {
    expect(await stages.slipway('exec', 'web', '--', 'tty')).toMatchObject({ exitCode: 1, stdout: 'not a tty\n' })
  })
})

describe('what can not be run', () => {
  test.each([
    [['exec', 'wep', '--', 'ls'], 2, 'there are store, web'],
    [['exec', 'web', '--replica', '3', '--', 'ls'], 2, 'it has 2'],
    [['exec', '$(id)\n', '--', 'ls'], 2, 'there are store, web'],
    [['exec', 'other', 'web', '--', 'ls'], 2, 'has no environment'],
  ])('%j: exit code %i', async (argv, exitCode, says) => {
    const result = await stages.slipway(...argv)
    expect(result.exitCode, result.stderr).toBe(exitCode)
    expect(result.stderr).toContain(says)
    expect(result.stderr).not.toContain('canary-exec-81')
    expect(result.stderr).not.toMatch(/^\s+at /m)
  })

  test('a program that is not there', async () => {
    // Docker before 23 says 126.
    expect([126, 127]).toContain((await stages.slipway('exec', 'web', '--', '/no/such')).exitCode)
  })

  test('a container that does not run; another one does', async () => {
    await docker('stop', '--time', '0', `${stages.app}-prod-r1-web-1`)
    const stopped = await stages.slipway('exec', 'web', '--replica', '1', '--', 'true')
    expect(stopped.exitCode).toBe(1)
    expect(stopped.stderr).toContain('CONTAINER_STOPPED')
    expect(stopped.stderr).toMatch(/web-1 has ended with code \d+/)
    expect((await stages.slipway('exec', 'web', '--', 'true')).exitCode).toBe(0)
    await docker('stop', '--time', '0', `${stages.app}-prod-r1-web-2`)
    expect((await stages.slipway('exec', 'web', '--', 'true')).stderr).toContain('No container of web runs')
  })
})
