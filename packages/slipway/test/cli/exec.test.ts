import { describe, expect, test } from 'vitest'
import type { Attach, ExecRequest } from '../../src/cli/application.ts'
import type { Input } from '../../src/cli/input.ts'
import { noInput } from '../../src/cli/input.ts'
import { runCli } from '../../src/cli/run.ts'
import { execArgv } from '../../src/engine/exec-argv.ts'
import { playedWiring } from './fixtures/application.ts'

interface Given {
  terminal?: boolean
  ends?: number
  /** Ctrl-C comes while the container is looked for. */
  calledOff?: boolean
}

/** What the application was asked, and what was started on the streams. */
async function run(argv: string[], { terminal = false, ends = 0, calledOff = false }: Given = {}) {
  const interrupt = new AbortController()
  let asked: ExecRequest | undefined
  let started: readonly string[] | undefined
  const wiring = playedWiring({
    exec: async (request: ExecRequest, attach: Attach) => {
      asked = request
      if (calledOff) interrupt.abort('SIGINT')
      return attach('true', execArgv('0123', request.command, request.terminal))
    },
  })
  const input: Input = {
    ...noInput,
    terminal,
    interactive: async (program, words) => {
      started = [program, ...words]
      return ends
    },
  }
  let stdout = ''
  let stderr = ''
  const exitCode = await runCli(argv, {
    stdout: { write: text => (stdout += String(text)), isTTY: terminal },
    stderr: { write: text => (stderr += String(text)) },
    input,
    variables: {},
    signal: interrupt.signal,
    now: () => new Date(),
    wiring: async () => wiring,
  })
  return { exitCode, stdout, stderr, asked, started, opened: wiring.asked[0] }
}

describe('the words of exec', () => {
  test.each([
    [['exec', 'web', '--', 'ls'], undefined, 'web', ['ls']],
    [['exec', 'prod', 'web', '--', 'ls', '-l'], 'prod', 'web', ['ls', '-l']],
    [['exec', 'web', '--replica', '2', '--', 'ls', '--replica', '3'], undefined, 'web', ['ls', '--replica', '3']],
    [['--no-color', 'exec', 'web', '--', '--json', '--config', 'x'], undefined, 'web', ['--json', '--config', 'x']],
    [['exec', 'web', '--', 'npm', 'test', '--', '--grep', ''], undefined, 'web', ['npm', 'test', '--', '--grep', '']],
    [['exec', 'prod', 'web', '--', 'exec', 'prod', 'web'], 'prod', 'web', ['exec', 'prod', 'web']],
  ])('%j', async (argv, environment, service, command) => {
    const { asked, opened, exitCode, stderr } = await run(argv)
    expect(exitCode, stderr).toBe(0)
    expect(opened).toMatchObject({ environment })
    expect(asked).toMatchObject({ service, command })
  })

  test.each([
    [['exec'], 'Nothing to run'],
    [['exec', 'web'], 'Nothing to run'],
    [['exec', 'web', 'ls'], 'Nothing to run'],
    [['exec', 'web', '--'], 'Nothing to run'],
    [['exec', '--', 'ls'], 'An argument is missing before --'],
    [['exec', 'prod', 'web', 'x', '--', 'ls'], 'Too many arguments before --'],
    [['exec', 'web', '-it', '--', 'ls'], "Unknown option '-it'"],
    [['exec', 'web', '--replica', '-1', '--', 'ls'], 'is no number of a container'],
    [['exec', 'web', '--replica', '1;id', '--', 'ls'], 'is no number of a container'],
  ])('%j is refused before anything is asked', async (argv, says) => {
    const { exitCode, stderr, asked } = await run(argv)
    expect(exitCode).toBe(2)
    expect(stderr).toContain(says)
    expect(asked).toBeUndefined()
  })

  test('a mistake is told as JSON only when that is asked for before --', async () => {
    expect((await run(['exec', '--', 'ls', '--json'])).stdout).toBe('')
    expect(JSON.parse((await run(['exec', '--json', '--', 'ls'])).stdout)).toMatchObject({ error: { code: 'USAGE' } })
  })
})

test('a terminal on both sides is one there; the exit code is passed on', async () => {
  const seen = await run(['exec', 'web', '--', 'top'], { terminal: true, ends: 37 })
  expect(seen.started).toEqual(['true', 'exec', '--interactive', '--tty', '0123', 'top'])
  expect(seen.exitCode).toBe(37)
  expect(seen.stdout).toBe('')
  expect((await run(['exec', 'web', '--', 'top'])).started).toEqual(['true', 'exec', '--interactive', '0123', 'top'])
})

test.each([[[]], [['--json']]])('what was called off before it began is not started %j', async more => {
  const { exitCode, started, stderr } = await run(['exec', 'web', ...more, '--', 'purge'], { calledOff: true })
  expect(exitCode).toBe(130)
  expect(started).toBeUndefined()
  expect(stderr).toContain('the command was not started')
})
