import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { work } from '../../../src/cli/remote/work.ts'
import { openHere } from '../../../src/cli/wiring/open-here.ts'
import { noteDeployed } from '../../../src/runner/deployed.ts'
import { workCommand } from '../../../src/runner/names.ts'
import { linesFile } from '../../../src/runner/run-lines.ts'
import { begin, makeRun, writeOrder } from '../../../src/runner/runs.ts'
import { layout } from '../../../src/store/layout.ts'
import { SlipwayError, type ErrorCode } from '../../../src/support/errors.ts'

vi.mock('../../../src/cli/wiring/open-here.ts', () => ({ openHere: vi.fn() }))

describe('a runner that is started again when its deployment has ended', () => {
  const run = '20261121T173205-4f2a9c'
  let home: string

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'work-'))
    vi.stubEnv('SLIPWAY_HOME', home)
    vi.stubEnv('SLIPWAY_OPERATOR', '')
    const { runs } = layout('shop-prod', home)
    await makeRun(runs, run)
    const asked = { act: 'deploy' as const, environment: 'prod', by: 'ada@laptop', at: '', variables: {} }
    await writeOrder(runs, run, { ...asked, configFile: '/uploads/old/slipway.yaml' })
    await begin(runs, run)
    await mkdir(runs, { recursive: true })
    await writeFile(linesFile(runs, run), `${JSON.stringify({ ended: { error: { code: 'BUG', message: '' } } })}\n`)
  })

  afterEach(async () => {
    vi.unstubAllEnvs()
    vi.resetAllMocks()
    await rm(home, { recursive: true, force: true })
  })

  function answering(...answers: (ErrorCode | undefined)[]) {
    const resume = vi.fn(async () => {
      const code = answers.shift()
      if (code !== undefined) throw new SlipwayError(code, 'it could not')
      return undefined
    })
    vi.mocked(openHere).mockResolvedValue({ resume } as unknown as Awaited<ReturnType<typeof openHere>>)
    return resume
  }

  test('takes up what came after it, by the configuration that was deployed last', async () => {
    const resume = answering()
    expect(await work([workCommand, 'shop-prod', run])).toBe(0)
    expect(resume).toHaveBeenCalledTimes(1)
    expect(openHere).toHaveBeenLastCalledWith('/uploads/old/slipway.yaml', 'prod')
    const deployed = { configFile: '/uploads/new/slipway.yaml', variables: { SLIPWAY_TEST_VARIABLE: 'set' } }
    await noteDeployed(layout('shop-prod', home), deployed)
    expect(await work([workCommand, 'shop-prod', run])).toBe(0)
    expect(openHere).toHaveBeenLastCalledWith('/uploads/new/slipway.yaml', 'prod')
    expect(process.env['SLIPWAY_TEST_VARIABLE']).toBe('set')
    delete process.env['SLIPWAY_TEST_VARIABLE']
  })

  test('waits for whoever does the same', async () => {
    const resume = answering('LOCKED')
    expect(await work([workCommand, 'shop-prod', run])).toBe(0)
    expect(resume).toHaveBeenCalledTimes(2)
  })

  test.each([
    ['ENGINE_UNAVAILABLE', 1],
    ['NEEDS_PERSON', 0],
  ] as const)('%s: tried again is exit code 1, given up 0', async (code, expected) => {
    answering(code)
    expect(await work([workCommand, 'shop-prod', run])).toBe(expected)
  })
})
