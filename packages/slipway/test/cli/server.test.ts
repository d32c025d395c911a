import { describe, expect, test } from 'vitest'
import { type Input, noInput } from '../../src/cli/input.ts'
import { runCli } from '../../src/cli/run.ts'
import type { Finding } from '../../src/servers/setup/topic.ts'
import { playedServers } from './fixtures/servers.ts'
import { playedWiring } from './fixtures/application.ts'

async function run(...argv: string[]) {
  return runOn(playedWiring(), argv)
}

async function runOn(wiring: ReturnType<typeof playedWiring>, argv: string[], input?: Input) {
  let stdout = ''
  let stderr = ''
  const exitCode = await runCli(argv, {
    stdout: { write: text => (stdout += text) },
    stderr: { write: text => (stderr += text) },
    variables: {},
    signal: new AbortController().signal,
    ...(input === undefined ? {} : { input }),
    now: () => new Date('2026-11-21T05:00:00Z'),
    wiring: async () => wiring,
  })
  return { exitCode, stdout, stderr, asked: wiring.asked }
}

const everyCommand: readonly [string, ...string[]][] = [
  ['server list'],
  ['server trust', 'prod-1'],
  ['server check', 'prod-1'],
  ['server setup', 'prod-1'],
  ['server harden', 'prod-1'],
  ['server show', 'prod-1'],
  ['server upgrade', 'prod-1'],
  ['server remove', 'prod-1'],
]

describe('the contract of the streams', () => {
  test.each(everyCommand)('%s --json prints one document on stdout', async (name, ...words) => {
    const { stdout, exitCode } = await run(...name.split(' '), ...words, '--json')
    expect(JSON.parse(stdout)).toMatchObject({ command: name, exitCode, result: expect.anything() })
  })

  test.each(everyCommand)('%s for people has its result on stdout, without escapes', async (name, ...words) => {
    const { stdout, stderr } = await run(...name.split(' '), ...words)
    expect(stdout.length).toBeGreaterThan(10)
    expect(stdout + stderr).not.toContain('\u001b')
    expect(stdout + stderr).not.toMatch(/undefined|NaN|\[object/)
  })
})

describe('a check', () => {
  test('ends with 6 while something would change, and says what, from what, and why', async () => {
    const { exitCode, stdout } = await run('server', 'check', 'prod-1')
    expect(exitCode).toBe(6)
    expect(stdout).toContain('a set-up would change 1 of 2 controls')
    expect(stdout).toMatch(/no passwords\n\s+yes → no\n\s+They are guessed/)
    expect(stdout).toContain('1 left to the machine below')
    expect(stdout).not.toContain('Docker Engine')
  })

  test('shows all when asked', async () => {
    expect((await run('server', 'check', 'prod-1', '--all')).stdout).toContain('✓ Docker Engine')
  })

  test('what is left to a person is said, by a set-up too, and is not as wanted', async () => {
    const strangers: Finding = {
      id: 'firewall.strangers',
      topic: 'firewall',
      title: 'no other rule of UFW lets strangers in',
      why: 'Somebody made it.',
      state: 'by hand',
      wanted: 'none',
      found: 'allow 5432',
    }
    const wiring = playedWiring()
    const played = playedServers([])
    const report = { name: 'prod-1', system: 'Debian', container: 'none', controls: [strangers] }
    wiring.openServers = async () => ({
      ...played,
      check: async () => ({ ...report, pending: 0 }),
      setUp: async () => ({ ...report, changed: [], seconds: 1 }),
    })
    const check = await runOn(wiring, ['server', 'check', 'prod-1'])
    expect(check.exitCode).toBe(6)
    expect(check.stdout).toContain('a person has to look at 1 of 1 control')
    expect(check.stdout).not.toContain('slipway server setup')
    const done = await runOn(wiring, ['server', 'setup', 'prod-1'])
    expect(done.exitCode).toBe(0)
    for (const { stdout } of [check, done]) expect(stdout).toMatch(/allow 5432 → none\n\s+Somebody made it/)
  })
})

test('set-up says on stderr what it is about, and hands on how long the way back waits', async () => {
  const { asked, stderr, stdout } = await run('server', 'setup', 'prod-1', '--guard', '60', '--login', 'admin')
  expect(asked).toContainEqual(expect.objectContaining({ scope: 'all', guardSeconds: 60, login: 'admin' }))
  expect(stderr).toContain('Firewall')
  expect(stdout).toContain('1 changed in 51')
})

test('hardening is a set-up of less', async () => {
  expect((await run('server', 'harden', 'prod-1')).asked).toContainEqual(
    expect.objectContaining({ scope: 'hardening' }),
  )
})

test('a key that is only shown is a change that is pending', async () => {
  const { exitCode, stdout } = await run('server', 'trust', 'prod-1')
  expect(exitCode).toBe(6)
  expect(stdout).toContain('--fingerprint SHA256:')
})

describe('a command there', () => {
  test('has the streams of whoever asks, and its exit code is ours', async () => {
    const started: string[] = []
    const input: Input = { ...noInput, interactive: async program => started.push(program) + 2 }
    const { exitCode, stdout } = await runOn(playedWiring(), ['server', 'ssh', 'prod-1', 'exit 3'], input)
    expect({ exitCode, stdout, started }).toEqual({ exitCode: 3, stdout: '', started: [process.execPath] })
  })

  test('is one document with --json; a shell can be none', async () => {
    const { stdout } = await run('server', 'ssh', 'prod-1', 'exit 3', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      exitCode: 3,
      result: { server: 'prod-1', exitCode: 3, stdout: 'there' },
    })
    const shell = await run('server', 'ssh', 'prod-1', '--json')
    expect(JSON.parse(shell.stdout)).toMatchObject({ exitCode: 2, error: { code: 'USAGE' } })
  })
})

test('what a server says does nothing to the terminal', async () => {
  const wiring = playedWiring()
  const servers = await wiring.openServers(undefined)
  const hostile = {
    ...servers,
    upgrade: async () => ({ name: 'prod-1', before: '27\u001b[2J', after: '28', containers: [] }),
  }
  const { stdout } = await runOn({ ...wiring, openServers: async () => hostile }, ['server', 'upgrade', 'prod-1'])
  expect(stdout).toContain('27')
  expect(stdout).not.toContain('\u001b')
})

describe('the command line', () => {
  test('slipway server --help lists the commands of servers alone', async () => {
    const { stdout, exitCode } = await run('server', '--help')
    expect(exitCode).toBe(0)
    for (const [name] of everyCommand) expect(stdout).toContain(`  ${name} `)
    expect(stdout).not.toContain('rollback')
  })

  test.each([[['server']], [['server', 'nonsense']], [['server', 'check']], [['server', 'check', 'a', 'b']]])(
    '%j is a mistake with a hint',
    async argv => {
      const { exitCode, stderr } = await run(...argv)
      expect(exitCode).toBe(2)
      expect(stderr).toContain('--help')
    },
  )

  test('the hint is about the very command', async () => {
    expect((await run('server', 'check')).stderr).toContain('slipway server check --help')
    expect((await run('server')).stderr).toContain('slipway server --help')
  })
})
