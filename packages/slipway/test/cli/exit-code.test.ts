import { describe, expect, test } from 'vitest'
import { exitCodeOfDeployment, exitCodeOfPlan } from '../../src/cli/exit-code.ts'
import type { Release } from '../../src/release/model.ts'
import { pendingPlan } from './fixtures/application.ts'

describe('the exit code of a deployment', () => {
  const failure = (code: string) => ({ step: 'gate' as const, code, message: '' })
  test.each([
    ['deployed', undefined, 0],
    ['unchanged', undefined, 0],
    ['failed', undefined, 1],
    ['failed', 'SECRET_MISSING', 1],
    ['failed', 'CONFIG_INVALID', 2],
    ['failed', 'INTERRUPTED', 130],
    ['failed', 'A_CODE_OF_TOMORROW', 1],
    ['failed', 'toString', 1],
    ['rolled-back', 'GATE_FAILED', 3],
    ['rolled-back', 'LOCKED', 3],
    ['rolled-back', 'INTERRUPTED', 130],
    ['needs-person', 'GATE_FAILED', 4],
    ['needs-person', 'INTERRUPTED', 4],
  ] as const)('%s, %s: %i', (outcome, code, expected) => {
    expect(exitCodeOfDeployment({ outcome, ...(code === undefined ? {} : { failure: failure(code) }) })).toBe(expected)
  })
})

test('a release that does badly and can not go back by itself does not look like a success', () => {
  expect(exitCodeOfDeployment({ outcome: 'deployed', doubt: 'api exited with code 1' })).toBe(4)
})

test.each([
  ['deployed', 0],
  ['unchanged', 0],
  ['failed', 130],
  ['rolled-back', 130],
  ['needs-person', 4],
] as const)('after Ctrl-C, %s: %i', (outcome, expected) => {
  expect(exitCodeOfDeployment({ outcome, failure: { step: 'start', code: 'START_FAILED', message: '' } }, true)).toBe(
    expected,
  )
})

describe('the exit code of a plan', () => {
  const current = { id: 'r1' } as unknown as Release
  const same = {
    ...pendingPlan,
    current,
    services: [],
    migration: { kind: 'unchanged', why: '' },
    state: 'same',
  } as const
  test.each([
    ['nothing pending', same, 0],
    ['a first release', { ...same, current: undefined }, 6],
    ['a changed service', { ...same, services: [{ name: 'web', role: 'web', change: 'build' }] }, 6],
    ['a removed service', { ...same, services: [{ name: 'web', role: 'web', change: 'removed' }] }, 6],
    ['the same services', { ...same, services: [{ name: 'web', role: 'web', change: 'same' }] }, 0],
    ['a migration', { ...same, migration: { kind: 'pending', why: '' } }, 6],
    ['a changed database service', { ...same, state: 'changed' }, 6],
  ] as const)('%s', (_what, { current: serving, ...plan }, expected) => {
    const given = { ...plan, services: [...plan.services] }
    expect(exitCodeOfPlan({ ...given, ...(serving === undefined ? {} : { current: serving }) }, false)).toBe(expected)
  })

  test.each([
    ['online', 6],
    ['held', 6],
    ['refused', 1],
    ['fails', 1],
  ] as const)('a rehearsal that says %s', (row, expected) => {
    const report = { at: '', mode: 'full' as const, row, says: '', output: [], changes: [], locks: [] }
    const rehearsed = { ...pendingPlan, current, rehearsal: { report } }
    expect(exitCodeOfPlan(rehearsed, true)).toBe(expected)
    expect(exitCodeOfPlan(rehearsed, false)).toBe(6)
  })
})
