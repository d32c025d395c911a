import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** The command line as a real process, with its signals and pipes; only the wiring behind it is played. */
let dist = ''

beforeAll(async () => {
  dist = await mkdtemp(join(tmpdir(), 'slipway-process-'))
  await build({
    entryPoints: { slipway: join(import.meta.dirname, '../../src/cli/main.ts') },
    outdir: dist,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    plugins: [
      {
        name: 'played wiring',
        setup: ({ onResolve }) => {
          onResolve({ filter: /\/wiring\.ts$/ }, () => ({ path: join(import.meta.dirname, 'fixtures/slow-wiring.ts') }))
        },
      },
    ],
  })
}, 60_000)

afterAll(() => rm(dist, { recursive: true, force: true }))

interface Ended {
  exitCode: number | null
  stdout: string
  stderr: string
}

/** Sends each signal when the text before it was seen on stderr. */
function slipway(
  argv: string[],
  signals: [seen: string, signal: NodeJS.Signals][] = [],
  readStdout = true,
): Promise<Ended> {
  const child = spawn(process.execPath, [join(dist, 'slipway.mjs'), ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  const left = [...signals]
  let stdout = ''
  let stderr = ''
  child.stderr.on('data', (more: Buffer) => {
    stderr += more.toString()
    const [next] = left
    if (next === undefined || !stderr.includes(next[0])) return
    left.shift()
    child.kill(next[1])
  })
  if (readStdout) child.stdout.on('data', (more: Buffer) => (stdout += more.toString()))
  else child.stdout.once('data', () => child.stdout.destroy())
  return new Promise(resolve => child.on('close', exitCode => resolve({ exitCode, stdout, stderr })))
}

describe('signals', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'the first %s ends a deployment at its safe point: 130',
    async signal => {
      const { exitCode, stdout, stderr } = await slipway(['deploy', 'prod'], [['fetch     started', signal]])
      expect(stderr).toContain('ends at its next safe point')
      expect(stderr).toContain('end       rolled-back')
      expect(stdout).toContain('now       r11 serves')
      expect(exitCode).toBe(130)
    },
  )

  test('the second Ctrl-C leaves at once: 130', async () => {
    const started = performance.now()
    const { exitCode, stderr } = await slipway(
      ['deploy', 'stubborn'],
      [
        ['fetch     started', 'SIGINT'],
        ['safe point', 'SIGINT'],
      ],
    )
    expect(exitCode).toBe(130)
    expect(stderr).toContain('Left at once')
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

test('what is thrown where nobody waits has a code, and no bare stack', async () => {
  const { exitCode, stdout, stderr } = await slipway(['deploy', 'stray', '--json'])
  expect(exitCode).toBe(70)
  expect(stderr).toContain('BUG')
  expect(stderr).not.toContain('    at ')
  expect(JSON.parse(stdout).error).toMatchObject({ code: 'BUG', why: 'thrown where nobody waits' })
})

test('a pipe that is closed early is no error', async () => {
  const { exitCode, stderr } = await slipway(['history', '--lines', '100000'], [], false)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
})

test('a disk that is full or a terminal that has gone ends no deployment', async () => {
  const full = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, [join(dist, 'slipway.mjs'), 'deploy', 'prod'], {
    stdio: ['ignore', full, full],
  })
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  setTimeout(() => child.kill('SIGHUP'), 2000)
  expect(await ended).toBe(130)
})

test('logs that are followed end when nobody reads them any more', async () => {
  const { exitCode, stderr } = await slipway(['logs', 'prod', '--follow'], [], false)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
})

test('a large result reaches a slow pipe whole', async () => {
  const { stdout } = await slipway(['history', '--lines', '100000', '--json'])
  expect(JSON.parse(stdout).result).toHaveLength(80_000)
})
