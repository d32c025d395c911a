import { mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { armRun, disarmRun, followRun, startRun, type Armed } from '../../../src/cli/remote/run-calls.ts'
import { placeVariable } from '../../../src/runner/container-argv.ts'
import { readOrder } from '../../../src/runner/runs.ts'
import { layout, type Layout } from '../../../src/store/layout.ts'
import { run as runProgram } from '../../../src/support/run.ts'

vi.mock('../../../src/support/run.ts', async original => ({
  ...(await original<typeof import('../../../src/support/run.ts')>()),
  run: vi.fn(),
}))

describe('a runner that waits for its order', () => {
  let home: string
  let target: { project: string; layout: Layout }
  /** Containers that are gone. */
  let gone: Set<string>
  let started: string[]
  const order = {
    act: 'deploy' as const,
    configFile: '/uploads/a/slipway.yaml',
    environment: 'prod',
    by: 'ada@laptop',
    variables: {},
    passwords: { registry: 'hush' },
  }

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'run-calls-'))
    vi.stubEnv(placeVariable, JSON.stringify({ image: 'runner', home, folders: [], files: [] }))
    target = { project: 'shop-prod', layout: layout('shop-prod', home) }
    ;[gone, started] = [new Set(), []]
    vi.mocked(runProgram).mockImplementation((async (_program: string, argv: readonly string[]) => {
      const name = argv.find(each => each.startsWith('--name='))?.slice('--name='.length)
      if (name !== undefined) started.push(name)
      const isGone = argv[1] === 'inspect' && gone.has(argv.at(-1) ?? '')
      return { exitCode: 0, stdout: isGone ? 'exited 0' : 'running 0', stderr: '', timedOut: false }
    }) as unknown as typeof runProgram)
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  })

  afterEach(async () => {
    vi.useRealTimers()
    vi.unstubAllEnvs()
    vi.resetAllMocks()
    await rm(home, { recursive: true, force: true })
  })

  const lastSign = async ({ run }: Armed) => (await stat(join(target.layout.runs, run))).mtimeMs
  async function silent({ run }: Armed): Promise<void> {
    await utimes(join(target.layout.runs, run), 1_700_000_000, 1_700_000_000)
  }

  test('hears of its session every while, until it has the order', async () => {
    const armed = await armRun(target)
    await silent(armed)
    vi.advanceTimersByTime(30_000)
    await expect.poll(() => lastSign(armed)).toBeGreaterThan(1_700_000_000_000)
    expect(await startRun(armed, order, target)).toBe(armed.run)
    expect(await readOrder(target.layout.runs, armed.run)).toMatchObject(order)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('hears nothing any more when no order will come', async () => {
    await disarmRun(await armRun(target), target)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is replaced when it is gone before the order was ready, which lies nowhere else', async () => {
    const armed = await armRun(target)
    gone.add(started[0] ?? '')
    const run = await startRun(armed, order, target)
    expect(run).not.toBe(armed.run)
    expect(started).toHaveLength(2)
    expect(started[1]).toContain(run.toLowerCase())
    expect(await readdir(join(target.layout.runs, armed.run))).toEqual([])
    expect(await readOrder(target.layout.runs, run)).toMatchObject(order)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is gone with the order not taken: it is told, and the order is removed', async () => {
    const run = await startRun(await armRun(target), order, target)
    gone.add(started[0] ?? '')
    const never = new AbortController().signal
    expect(await followRun(run, 0, async () => undefined, never, target)).toEqual({ run, died: true })
    expect(await readOrder(target.layout.runs, run)).toBeUndefined()
  })
})
