import { describe, expect, test } from 'vitest'
import { judge, stableAnsweringMs, stableMs, stableWithoutCheckMs, type Observation } from '../../src/release/judge.ts'
import type { ReleaseService } from '../../src/release/model.ts'
import type { ContainerState, Probe } from '../../src/release/ports.ts'

const service: ReleaseService = {
  name: 'api',
  role: 'web',
  port: 3000,
  hosts: [],
  health: { path: '/health', intervalMs: 2000, deadlineMs: 30_000, timeoutMs: 5000 },
  replicas: 1,
  dockerHealth: true,
}
const { path: _path, ...withoutPath } = service.health
const unchecked: ReleaseService = { ...service, health: withoutPath, dockerHealth: false }
const good: Probe = { kind: 'answered', status: 200, body: 'ok', milliseconds: 1 }

describe('judge', () => {
  test('healthy: runs long enough, path answers 2xx, Docker says healthy', () => {
    expect(judge(seen({}))).toEqual({ kind: 'healthy' })
  })

  test.each<[string, Partial<ContainerState>, RegExp]>([
    ['exited', { status: 'exited', exitCode: 3 }, /exited with code 3/],
    ['dead', { status: 'dead', exitCode: 137 }, /exited with code 137/],
    ['restarting', { status: 'restarting', exitCode: 1 }, /crashed and was restarted \(exit code 1\)/],
    ['restarted and running again', { restarts: 1 }, /crashed and was restarted/],
    ['out of memory', { outOfMemory: true, status: 'exited' }, /out of memory/],
    ['unhealthy', { health: 'unhealthy' }, /its health check fails/],
  ])('%s fails at once, even while the path answers well', (_name, state, why) => {
    const verdict = judge(seen({ state }))
    expect(verdict).toMatchObject({ kind: 'failed' })
    expect(verdict.kind === 'failed' ? verdict.why : '').toMatch(why)
  })

  test.each<[string, Parameters<typeof seen>[0], RegExp]>([
    ['not probed yet', { probe: undefined }, /not probed/],
    ['no answer', { probe: { kind: 'no-answer', why: 'refused' } }, /does not answer \(refused\)/],
    [
      '503',
      { probe: { kind: 'answered', status: 503, body: '{"db":"error"}', milliseconds: 1 } },
      /answers 503: \{"db":"error"\}/,
    ],
    [
      'a redirect is not health',
      { probe: { kind: 'answered', status: 302, body: '', milliseconds: 1 } },
      /answers 302/,
    ],
    ['Docker still says starting', { state: { health: 'starting' } }, /has not passed yet/],
    ['created', { state: { status: 'created' } }, /is created/],
    ['healthy for a moment only', { runningMs: stableMs - 1 }, /stay up/],
    ['long in beginning, and healthy for a moment only', { answeringMs: stableAnsweringMs - 1 }, /stay up/],
  ])('%s: waits, and says for what', (_name, given, what) => {
    const verdict = judge(seen(given))
    expect(verdict).toMatchObject({ kind: 'waiting' })
    expect(verdict.kind === 'waiting' ? verdict.for : '').toMatch(what)
  })

  test("its own health check, run by hand, counts as Docker's", () => {
    expect(judge(seen({ state: { health: 'starting' }, passed: ['c1'] }))).toEqual({ kind: 'healthy' })
  })

  test('waits until every replica is there', () => {
    const verdict = judge({ ...seen({}), service: { ...service, replicas: 2 } })
    expect(verdict).toEqual({ kind: 'waiting', for: 'api: 1 of 2 containers are there' })
  })

  test('without any check, staying up longer is all there is', () => {
    const observation = { ...seen({ state: { health: 'none' }, probe: undefined }), service: unchecked }
    expect(judge(observation).kind).toBe('waiting')
    expect(judge({ ...observation, runningMs: stableWithoutCheckMs }).kind).toBe('healthy')
  })
})

function seen(given: {
  state?: Partial<ContainerState>
  probe?: Probe | undefined
  passed?: string[]
  runningMs?: number
  answeringMs?: number
}): Observation {
  const container: ContainerState = {
    id: 'c1',
    name: 'api-1',
    service: 'api',
    status: 'running',
    health: 'healthy',
    exitCode: 0,
    restarts: 0,
    outOfMemory: false,
    healthOutput: '',
    ...given.state,
  }
  const probe = 'probe' in given ? given.probe : good
  return {
    service,
    containers: [container],
    passed: new Set(given.passed ?? []),
    runningMs: given.runningMs ?? stableMs,
    answeringMs: given.answeringMs ?? stableAnsweringMs,
    ...(probe === undefined ? {} : { probe }),
  }
}
