import { describe, expect, test } from 'vitest'
import type { Application } from '../../src/cli/application.ts'
import { runCli } from '../../src/cli/run.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { illStatus, playedWiring } from './fixtures/application.ts'
import { badGate } from './fixtures/bad-gate.ts'
import { needsPerson } from './fixtures/needs-person.ts'
import type { Played } from './fixtures/stream.ts'
import { unchanged } from './fixtures/unchanged.ts'

interface Ran {
  exitCode: number
  stdout: string
  stderr: string
  asked: unknown[]
}

async function run(
  argv: string[],
  parts: Partial<Application> = {},
  settings: { signal?: AbortSignal; variables?: Record<string, string> } = {},
): Promise<Ran> {
  const wiring = playedWiring(parts)
  let stdout = ''
  let stderr = ''
  const exitCode = await runCli(argv, {
    stdout: { write: text => (stdout += text) },
    stderr: { write: text => (stderr += text) },
    variables: settings.variables ?? {},
    signal: settings.signal ?? new AbortController().signal,
    now: () => new Date('2026-11-21T05:00:00Z'),
    wiring: async () => wiring,
  })
  return { exitCode, stdout, stderr, asked: wiring.asked }
}

function playing(played: Played): Application['deploy'] {
  return async (_request, emit) => {
    for (const event of played.events) emit(event)
    return played.record
  }
}

const everyCommand = [
  ['deploy', 'prod'],
  ['plan', 'prod'],
  ['rollback', 'prod'],
  ['status', 'prod'],
  ['history', 'prod'],
  ['logs', 'prod'],
  ['backup', 'prod'],
  ['check', 'prod'],
]

describe('the contract of the streams', () => {
  test.each(everyCommand)('%s --json prints one document on stdout', async (...argv) => {
    const { stdout, exitCode } = await run([...argv, '--json'])
    const document = JSON.parse(stdout)
    expect(document).toMatchObject({ command: argv[0], exitCode })
    expect(document.result).toBeDefined()
  })

  test.each(everyCommand)('%s for people has its result on stdout, without escapes', async (...argv) => {
    const { stdout, stderr } = await run(argv)
    expect(stdout.length).toBeGreaterThan(10)
    expect(stdout + stderr).not.toContain('\u001b')
    expect(stdout + stderr).not.toMatch(/undefined|NaN|\[object/)
  })

  test.each(everyCommand)('%s that fails prints one document with --json, and the error on stderr', async (...argv) => {
    const fail = async (): Promise<never> => {
      throw new SlipwayError('ENGINE_UNAVAILABLE', 'Docker does not answer', {
        why: 'postgres://a:s3cret@b',
        next: 'start it',
      })
    }
    const parts = { plan: fail, deploy: fail, rollback: fail, status: fail, history: fail, logs: fail, backup: fail }
    const { stdout, stderr, exitCode } = await run([...argv, '--json'], parts)
    if (argv[0] === 'check') return
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 1, error: { code: 'ENGINE_UNAVAILABLE', next: 'start it' } })
    expect(stderr).toContain('ENGINE_UNAVAILABLE')
    expect(stdout + stderr).not.toContain('s3cret')
  })

  test('what was not meant to happen is a BUG with 70, and its stack only with --debug', async () => {
    const parts = { status: async () => Promise.reject(new TypeError('x is not a function')) }
    const quiet = await run(['status'], parts)
    expect(quiet.exitCode).toBe(70)
    expect(quiet.stderr).toContain('x is not a function')
    expect(quiet.stderr).not.toContain('run.test.ts')
    expect((await run(['status', '--debug'], parts)).stderr).toContain('run.test.ts')
  })
})

describe('exit codes', () => {
  test.each([
    ['deployed', ['deploy'], {}, 0],
    ['unchanged', ['deploy'], { deploy: playing(unchanged) }, 0],
    ['rolled back', ['deploy'], { deploy: playing(badGate) }, 3],
    ['needs a person', ['deploy'], { deploy: playing(needsPerson) }, 4],
    ['locked', ['deploy'], { deploy: async () => Promise.reject(new SlipwayError('LOCKED', 'locked')) }, 5],
    ['changes pending', ['plan'], {}, 6],
    ['usage', ['deploy', '--nonsense'], {}, 2],
    [
      'interrupted',
      ['deploy'],
      { deploy: async () => Promise.reject(new SlipwayError('INTERRUPTED', 'stopped')) },
      130,
    ],
  ])('%s', async (_what, argv, parts, expected) => {
    expect((await run(argv, parts)).exitCode).toBe(expected)
    const json = await run([...argv, '--json'], parts)
    expect(json.exitCode).toBe(expected)
    expect(JSON.parse(json.stdout).exitCode).toBe(expected)
  })
})

describe('the command line', () => {
  test.each([
    [['deploi'], 'Did you mean deploy?'],
    [['deploy', '--jsn'], 'Did you mean --json?'],
    [['deploy', 'a', 'b'], 'Too many arguments'],
    [['rollback', 'prod', '--data', 'perhaps'], 'keep, restore'],
    [['rollback', 'prod', '../r1'], "'../r1' is not a release"],
    [['rollback', 'prod', 'r0'], 'is not a release'],
    [['logs', '--lines', '-1'], 'whole number'],
    [['logs', '--lines', '1e9'], 'whole number'],
    [['logs', '--config'], "'--config <file>' argument missing"],
    [['logs', '--follow', '--json'], 'no end'],
    [['--json'], 'A command is missing'],
    [['\u001b[31m\n::error::x'], 'Unknown command'],
    [['__proto__'], 'Unknown command'],
    [['deploy', '--constructor'], 'Unknown option'],
  ])('%j is a mistake', async (argv, said) => {
    const { exitCode, stderr, stdout } = await run(argv)
    expect(exitCode).toBe(2)
    expect(stderr).toContain(said)
    expect(stderr).toContain('USAGE')
    expect(stderr).not.toContain('\u001b')
    expect(stderr).not.toMatch(/^\s*::/m)
    if (argv.includes('--json')) expect(JSON.parse(stdout).error.code).toBe('USAGE')
    else expect(stdout).toBe('')
  })

  test('options of all commands stand before or after the name', async () => {
    for (const argv of [
      ['--json', '--config', 'x.yaml', 'status'],
      ['status', '--config=x.yaml', '--json'],
    ]) {
      const { stdout, asked } = await run(argv)
      expect(JSON.parse(stdout).command).toBe('status')
      expect(asked[0]).toEqual({ configFile: 'x.yaml', environment: undefined })
    }
  })

  test('values reach the application as they are', async () => {
    const hostile = '; rm -rf / $(id) `id`'
    expect((await run(['status', hostile])).asked[0]).toEqual({ configFile: undefined, environment: hostile })
    const { asked } = await run(['rollback', 'prod', 'r11', '--data', 'restore', '--confirm', hostile])
    expect(asked[1]).toMatchObject({ release: 'r11', data: 'restore', confirm: hostile })
    expect((await run(['rollback', 'r11'])).asked).toMatchObject([{ environment: undefined }, { release: 'r11' }])
    expect((await run(['logs', 'prod', 'web', '--lines', '7', '--follow'])).asked[1]).toMatchObject({
      service: 'web',
      lines: 7,
      follow: true,
    })
    expect((await run(['logs'])).asked[1]).toMatchObject({ lines: 100, follow: false })
  })

  test('help is printed for nothing, for --help, and for each command, with examples near the top', async () => {
    expect((await run([])).stdout).toContain('Usage: slipway <command>')
    expect((await run(['--help'])).stdout).toContain('Usage: slipway <command>')
    for (const [name = ''] of everyCommand) {
      for (const argv of [
        [name, '--help'],
        [name, '-h'],
        ['help', name],
      ]) {
        const { stdout, exitCode } = await run(argv)
        expect(exitCode).toBe(0)
        expect(stdout.indexOf(`Usage: slipway ${name}`)).toBe(0)
        expect(stdout.indexOf('Examples:')).toBeLessThan(stdout.indexOf('Options:'))
      }
    }
    expect((await run(['plan', '--help'])).stdout).toMatch(/6 +changes are pending/)
  })
})

describe('Ctrl-C', () => {
  test('leaves a command that only looks at once', async () => {
    const controller = new AbortController()
    const running = run(['status'], { status: () => new Promise(() => {}) }, { signal: controller.signal })
    controller.abort()
    expect((await running).exitCode).toBe(130)
  })

  test('is answered by a deployment, which ends by itself', async () => {
    const controller = new AbortController()
    const deploy: Application['deploy'] = async ({ signal }, emit) => {
      const asked = new Promise(resolve => signal.addEventListener('abort', resolve))
      setTimeout(() => controller.abort(), 5)
      await asked
      for (const event of badGate.events) emit(event)
      return { ...badGate.record, failure: { step: 'gate', code: 'INTERRUPTED', message: 'Interrupted' } }
    }
    const { exitCode, stderr, stdout } = await run(['deploy'], { deploy }, { signal: controller.signal })
    expect(exitCode).toBe(130)
    expect(stderr).toContain('ends at its next safe point')
    expect(stdout).toContain('was rolled back')
  })
})

test('logs are printed line by line, and steer nothing', async () => {
  const { stdout } = await run(['logs'], {
    logs: async (_request, write) => {
      write({ service: 'web', text: '::error::x\r\n\u001b[2J##[x]' })
      return 0
    },
  })
  expect(stdout).toBe('web │ : :error::x ## [x]\n')
})

test('status says what must not be overlooked', async () => {
  const { stdout } = await run(['status'], { status: async () => illStatus })
  expect(stdout).toContain('! d32 was cut off')
  expect(stdout).toContain('! the edge sends requests to r11, not to r12')
  expect(stdout).toContain('! not well: web, worker, db; see: slipway logs prod web')
  expect(stdout).toContain('killed for memory')
})
