import { describe, expect, test } from 'vitest'
import type { Application, ResumedProject, Wiring } from '../../src/cli/application.ts'
import type { AtStartReport } from '../../src/cli/at-start/service.ts'
import { runCli } from '../../src/cli/run.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { playedWiring } from './fixtures/application.ts'
import { badGate } from './fixtures/bad-gate.ts'
import { recovering } from './fixtures/recovering.ts'

const resumes: Application['resume'] = async (_request, emit) => {
  for (const event of recovering.events) emit(event)
  return badGate.record
}

async function run(argv: string[], resume?: Application['resume'], others?: Parameters<typeof playedWiring>[1]) {
  let stdout = ''
  let stderr = ''
  const exitCode = await runCli(argv, {
    stdout: { write: text => (stdout += text) },
    stderr: { write: text => (stderr += text) },
    variables: {},
    signal: new AbortController().signal,
    now: () => new Date('2026-11-21T05:00:00Z'),
    wiring: async () => playedWiring(resume === undefined ? {} : { resume }, others),
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

describe('resume --all', () => {
  const failed = (project: string, code: 'ENGINE_UNAVAILABLE' | 'NEEDS_PERSON'): ResumedProject => ({
    project,
    outcome: 'failed',
    error: new SlipwayError(code, `${project} could not be ended`, { next: 'look' }),
  })
  const all = (...results: ResumedProject[]): Partial<Wiring> => ({
    resumeAll: async (_signal, heard) => {
      for (const result of results) heard(result)
      return results
    },
  })

  test('tells of each, and of what failed on stderr', async () => {
    const wiring = all(
      { project: 'blog-prod', outcome: 'nothing' },
      { project: 'shop-prod', outcome: 'ended', record: badGate.record },
      { project: 'wiki-prod', outcome: 'looked after' },
      failed('zoo-prod', 'ENGINE_UNAVAILABLE'),
    )
    const { exitCode, stdout, stderr } = await run(['resume', '--all'], undefined, wiring)
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/blog-prod +nothing to end\n.*shop-prod +d\d+ is ended: all as before\n.*warm.*\n.*zoo-prod/)
    expect(stderr).toContain('ENGINE_UNAVAILABLE')
    const { projects } = JSON.parse((await run(['resume', '--all', '--json'], undefined, wiring)).stdout).result
    expect(projects).toMatchObject([
      {},
      { record: { id: badGate.record.id } },
      {},
      { error: { code: 'ENGINE_UNAVAILABLE' } },
    ])
  })

  test('a person who is needed is told first', async () => {
    const wiring = all(failed('a', 'ENGINE_UNAVAILABLE'), failed('b', 'NEEDS_PERSON'))
    expect((await run(['resume', '--all'], undefined, wiring)).exitCode).toBe(4)
    expect((await run(['resume', '--all'], undefined, all())).exitCode).toBe(0)
  })

  test('takes no environment and no configuration beside it', async () => {
    expect((await run(['resume', 'prod', '--all'])).exitCode).toBe(2)
    expect((await run(['resume', '--all', '--config', '/a/slipway.yaml'])).exitCode).toBe(2)
  })
})

describe('at-start', () => {
  const unit = '[Unit]\nDescription=\u001b[31mred\n'
  const reports =
    (state: AtStartReport['state'], changed = false) =>
    async (): Promise<AtStartReport> => ({
      file: '/etc/systemd/system/slipway-resume.service',
      unit,
      state,
      changed,
    })
  const atStart: Wiring['atStart'] = {
    look: reports('missing'),
    install: reports('installed', true),
    remove: reports('missing', true),
  }

  test.each([
    [[], 6, 'not installed'],
    [['--install'], 0, 'from now on'],
    [['--remove'], 0, 'removed'],
    [['--install', '--remove'], 2, ''],
  ] as const)('%j is exit code %i', async (options, expected, said) => {
    const { exitCode, stdout } = await run(['at-start', ...options], undefined, { atStart })
    expect([exitCode, stdout]).toEqual([expected, expect.stringContaining(said)])
    expect(stdout).not.toContain('\u001b[31m')
  })

  test.each(['differs', 'off'] as const)('one that %s is a change that is pending', async state => {
    const { exitCode } = await run(['at-start'], undefined, { atStart: { ...atStart, look: reports(state) } })
    expect(exitCode).toBe(6)
  })
})
