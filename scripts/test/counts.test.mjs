import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkCounts, lastLine, tapCounts, vitestCounts, vitestFailures } from '../counts.mjs'

const report = extra =>
  JSON.stringify({
    numPassedTests: 3,
    numFailedTests: 0,
    numPendingTests: 1,
    numTodoTests: 0,
    testResults: [],
    ...extra,
  })

test('takes the counts of vitest', () => {
  assert.deepEqual(vitestCounts(report({}), 0), { passed: 3, failed: 0, skipped: 1 })
  const testResults = [{ status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] }]
  assert.deepEqual(vitestCounts(report({ numFailedTests: 1, testResults }), 1), { passed: 3, failed: 1, skipped: 1 })
})

test('counts a file that can not be loaded as a failed test', () => {
  const testResults = [{ status: 'failed', assertionResults: [] }]
  assert.deepEqual(vitestCounts(report({ testResults }), 1), { passed: 3, failed: 1, skipped: 1 })
})

test('names what failed, and why', () => {
  const testResults = [
    {
      name: 'a.test.ts',
      status: 'failed',
      assertionResults: [
        { status: 'passed', fullName: 'adds' },
        { status: 'failed', fullName: 'subtracts', failureMessages: ['expected 1 to be 2\n  at a.test.ts:3'] },
      ],
    },
    { name: 'b.test.ts', status: 'failed', message: 'Cannot find module', assertionResults: [] },
  ]
  assert.deepEqual(vitestFailures(report({ testResults })), [
    'a.test.ts: subtracts: expected 1 to be 2',
    'b.test.ts: Cannot find module',
  ])
  assert.deepEqual(vitestFailures(undefined), [])
})

test('never reports a broken runner as success', () => {
  assert.equal(vitestCounts(undefined, 1).failed, 1)
  assert.equal(vitestCounts('{"numPass', 0).failed, 1)
  assert.equal(vitestCounts(report({}), 1).failed, 1, 'an unhandled error: all tests passed, and yet it failed')
  assert.equal(vitestCounts(report({ numPassedTests: 0 }), 0).failed, 1, 'no test ran')
  assert.equal(vitestCounts(report({}), null).failed, 1, 'killed by a signal')
  assert.equal(tapCounts('', 0).failed, 1)
  assert.equal(tapCounts('# pass 5\n# fail 0\n', 1).failed, 1)
})

test('takes the counts of node --test, a cancelled test as a failed one', () => {
  const tap = 'ok 1 - # fail 7\n# tests 5\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 0\n'
  assert.deepEqual(tapCounts(tap, 1), { passed: 2, failed: 2, skipped: 1 })
})

test('sums everything up in one line', () => {
  const results = [checkCounts(0), checkCounts(2), { passed: 10, failed: 2, skipped: 4 }]
  assert.equal(lastLine(results), '11 passed, 3 failed')
})
