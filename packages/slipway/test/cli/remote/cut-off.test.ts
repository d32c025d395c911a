import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startRun } from '../../../src/cli/remote/run-calls.ts'
import { work } from '../../../src/cli/remote/work.ts'
import { openHere } from '../../../src/cli/wiring/open-here.ts'
import { readDeployed } from '../../../src/runner/deployed.ts'
import { workCommand } from '../../../src/runner/names.ts'
import { endOf } from '../../../src/runner/run-lines.ts'
import { begin, makeRun } from '../../../src/runner/runs.ts'
import { layout, type Layout } from '../../../src/store/layout.ts'
import { SlipwayError } from '../../../src/support/errors.ts'

vi.mock('../../../src/cli/wiring/open-here.ts', () => ({ openHere: vi.fn() }))
// The runner is there.
vi.mock('../../../src/support/run.ts', async original => ({
  ...(await original<typeof import('../../../src/support/run.ts')>()),
  run: vi.fn(async () => ({ exitCode: 0, stdout: 'running 0', stderr: '', timedOut: false })),
}))

const [runOfA, runOfB] = ['20261121T173205-aaaaaa', '20261121T173206-bbbbbb']
const [codeOfA, codeOfB] = ['/uploads/a/slipway.yaml', '/uploads/b/slipway.yaml']
const variable = 'SLIPWAY_TEST_BRANCH'

describe('two runs of different code', () => {
  let home: string
  let place: Layout
  /** What the real application would have been asked, and by which code. */
  let asked: string[]
  let finishA: () => void
  let hasBegun: Promise<void>
  let lockedBy: string | undefined

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'cut-off-'))
    vi.stubEnv('SLIPWAY_HOME', home)
    vi.stubEnv('SLIPWAY_OPERATOR', '')
    vi.stubEnv(variable, '')
    place = layout('shop-prod', home)
    await mkdir(place.journals, { recursive: true })
    ;[asked, lockedBy] = [[], undefined]
    const finished = new Promise<void>(resolve => (finishA = resolve))
    let begun: () => void
    hasBegun = new Promise(resolve => (begun = resolve))
    vi.mocked(openHere).mockImplementation((async (configFile: string) => {
      const locked = () => {
        if (lockedBy !== undefined && lockedBy !== configFile) throw new SlipwayError('LOCKED', 'somebody deploys')
      }
      const tell = (what: string) => asked.push(`${what} by ${configFile}, ${variable}=${process.env[variable]}`)
      return {
        async deploy(_request: object, _emit: object, begins: () => Promise<void>) {
          locked()
          lockedBy = configFile
          await begins()
          tell('deploy')
          begun()
          await finished
          lockedBy = undefined
          return { id: 'd1' }
        },
        async resume() {
          locked()
          tell('resume')
          await rm(place.journal('d1'), { force: true })
        },
        history: async () => [],
      }
    }) as unknown as typeof openHere)
  })

  afterEach(async () => {
    vi.unstubAllEnvs()
    vi.mocked(openHere).mockReset()
    await rm(home, { recursive: true, force: true })
  })

  async function ordered(run: string, configFile: string): Promise<void> {
    await makeRun(place.runs, run)
    const order = { act: 'deploy' as const, configFile, environment: 'prod', by: 'ada@laptop' }
    const variables = { [variable]: configFile === codeOfA ? 'a' : 'b' }
    const target = { project: 'shop-prod', layout: place }
    const armed = { run, started: Promise.resolve(), waitsNoMore: () => undefined }
    await startRun(armed, { ...order, variables }, target)
  }

  const carriedOut = (run: string) => work([workCommand, 'shop-prod', run])

  async function cutOff(): Promise<void> {
    const started = { at: '2026-11-21T17:32:05Z', type: 'deployment-started', id: 'd1' }
    await writeFile(place.journal('d1'), `${JSON.stringify(started)}\n`)
  }

  test('who is refused leaves what rollback, backup and resume go by as it is', async () => {
    await ordered(runOfA, codeOfA)
    expect(await readDeployed(place)).toBeUndefined()
    const a = carriedOut(runOfA)
    await hasBegun
    await ordered(runOfB, codeOfB)
    expect(await carriedOut(runOfB)).toBe(0)
    expect(await endOf(place.runs, runOfB)).toMatchObject({ error: { code: 'LOCKED' } })
    const ofA = { configFile: codeOfA, variables: { [variable]: 'a' } }
    expect(await readDeployed(place)).toEqual(ofA)
    finishA()
    expect(await a).toBe(0)
    expect(await readDeployed(place)).toEqual(ofA)
    await ordered('20261121T173207-bbbbbb', codeOfB)
    expect(await carriedOut('20261121T173207-bbbbbb')).toBe(0)
    expect(await readDeployed(place)).toEqual({ configFile: codeOfB, variables: { [variable]: 'b' } })
  })

  test('the machine dies under a deployment and under who would have been refused: its own configuration ends it', async () => {
    await ordered(runOfA, codeOfA)
    const a = carriedOut(runOfA)
    await hasBegun
    await cutOff()
    lockedBy = undefined
    await ordered(runOfB, codeOfB)
    await begin(place.runs, runOfB)
    expect(await carriedOut(runOfB)).toBe(0)
    expect(asked.at(-1)).toBe(`resume by ${codeOfA}, ${variable}=a`)
    finishA()
    await a
  })

  test('the next deployment ends it by its own configuration too, and then begins with the new one', async () => {
    await ordered(runOfA, codeOfA)
    const a = carriedOut(runOfA)
    await hasBegun
    await cutOff()
    lockedBy = undefined
    await ordered(runOfB, codeOfB)
    finishA()
    await a
    expect(await carriedOut(runOfB)).toBe(0)
    expect(asked.slice(1)).toEqual([`resume by ${codeOfA}, ${variable}=a`, `deploy by ${codeOfB}, ${variable}=b`])
  })

  test('the first deployment, cut off before anything was noted, is ended by that of its order', async () => {
    await ordered(runOfA, codeOfA)
    await begin(place.runs, runOfA)
    await cutOff()
    expect(await carriedOut(runOfA)).toBe(0)
    expect(asked).toEqual([`resume by ${codeOfA}, ${variable}=a`])
  })
})
