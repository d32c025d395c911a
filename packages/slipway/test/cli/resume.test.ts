import { describe, expect, test } from 'vitest'
import type { Application } from '../../src/cli/application.ts'
import { runCli } from '../../src/cli/run.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { playedWiring } from './fixtures/application.ts'
import { badGate } from './fixtures/bad-gate.ts'
import { recovering } from './fixtures/recovering.ts'

const resumes: Application['resume'] = async (_request, emit) => {
  for (const event of recovering.events) emit(event)
  return badGate.record
}

async function run(argv: string[], resume?: Application['resume']) {
  let stdout = ''
  let stderr = ''
  const exitCode = await runCli(argv, {
    stdout: { write: text => (stdout += text) },
    stderr: { write: text => (stderr += text) },
    variables: {},
    signal: new AbortController().signal,
    now: () => new Date('2026-11-21T05:00:00Z'),
    wiring: async () => playedWiring(resume === undefined ? {} : { resume }),
  })
  return { exitCode, stdout, stderr }
}

const failing = (code: 'LOCKED' | 'NEEDS_PERSON') => () =>
  Promise.reject(new SlipwayError(code, `it is ${code}`, { next: 'look' }))

describe('a deployment that was cut off is ended first, and told of on stderr', () => {
  test.each(['status', 'history', 'logs', 'plan', 'backup'])('%s', async command => {
    const { exitCode, stdout, stderr } = await run([command, 'prod', '--json'], resumes)
    expect(stderr).toMatch(/recover +started +d32 was cut off; towards the old release/)
    expect(JSON.parse(stdout)).toMatchObject({ command, exitCode })
  })

  test.each(['status', 'history', 'logs', 'plan', 'backup'])(
    '%s while somebody deploys just goes on',
    async command => {
      const { exitCode, stderr } = await run([command, 'prod'], failing('LOCKED'))
      expect([exitCode, stderr.includes('LOCKED')]).toEqual([command === 'plan' ? 6 : 0, false])
    },
  )

  test('when it can not be ended, one may still look, but not act', async () => {
    for (const command of ['status', 'history', 'logs']) {
      const { exitCode, stderr } = await run([command, 'prod'], failing('NEEDS_PERSON'))
      expect([exitCode, stderr]).toEqual([0, expect.stringContaining('NEEDS_PERSON')])
    }
    for (const command of ['plan', 'backup'])
      expect((await run([command, 'prod'], failing('NEEDS_PERSON'))).exitCode).toBe(4)
  })
})

describe('resume', () => {
  test('says that there is nothing to do', async () => {
    const { exitCode, stdout } = await run(['resume', 'prod'])
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('no deployment of prod was cut off')])
    expect(JSON.parse((await run(['resume', 'prod', '--json'])).stdout).result).toEqual({ resumed: null })
  })

  test('ends it, and says how', async () => {
    const { exitCode, stdout, stderr } = await run(['resume', 'prod'], resumes)
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/d\d+ is ended: all as before/)])
    expect(stderr).toContain('recover')
  })

  test.each([
    ['LOCKED', 5],
    ['NEEDS_PERSON', 4],
  ] as const)('%s is exit code %i', async (code, expected) => {
    expect((await run(['resume', 'prod'], failing(code))).exitCode).toBe(expected)
  })
})
