import { describe, expect, test } from 'vitest'
import { readAnswer, readAsk } from '../../../src/runner/agreement/protocol.ts'

const key = 'd7@2026-11-21T10:00:00.000Z'
const ask = (more: object): string => JSON.stringify({ ask: 1, key, ...more })

describe('a question', () => {
  test('is read field by field, and what else is sent along is left out', () => {
    const report = { stage: 'poised', next: 'r3', fingerprint: 'abcdef0123', same: false, wantsHold: true, why: 'slow' }
    expect(readAsk(ask({}))).toEqual({ ask: 1, key })
    expect(readAsk(ask({ report: { ...report, extra: '$(reboot)' }, argv: ['sh'] }))).toEqual({ ask: 1, key, report })
  })

  test.each([
    ['no JSON', 'rm -rf /'],
    ['no object', '[1]'],
    ['nothing', 'null'],
    ['a number that is none', JSON.stringify({ ask: '1', key })],
    ['no key', JSON.stringify({ ask: 1 })],
    ['a key that climbs', ask({ key: 'd7/../../../etc/passwd@2026-11-21T10:00:00.000Z' })],
    ['a key with a line behind it', ask({ key: `${key}\n` })],
    ['a key that is an option', ask({ key: '--help' })],
    ['a key of no deployment', ask({ key: 'd0@2026-11-21T10:00:00.000Z' })],
    ['a report that is none', ask({ report: 'ready' })],
    ['an unknown stage', ask({ report: { stage: 'toString' } })],
    ['a release that is none', ask({ report: { stage: 'begun', next: 'r1; touch /tmp/x' } })],
    ['a huge release', ask({ report: { stage: 'begun', next: 'r99999999999' } })],
    ['a fingerprint that is none', ask({ report: { stage: 'fetched', fingerprint: '../x' } })],
    ['a yes that is none', ask({ report: { stage: 'fetched', same: 'true' } })],
    ['a reason that is none', ask({ report: { stage: 'failed', why: { toString: 1 } } })],
  ])('%s is none', (_, line) => {
    expect(readAsk(line)).toBeUndefined()
  })

  test('a reason of any length is cut', () => {
    const read = readAsk(ask({ report: { stage: 'failed', why: '☃'.repeat(100_000) } }))
    expect(read?.report?.why?.length).toBeLessThan(1100)
  })

  test('names of the language itself are no stages and no fields', () => {
    expect(readAsk(`{"ask":1,"key":"${key}","__proto__":{"report":{"stage":"ready"}}}`)).toEqual({ ask: 1, key })
  })
})

describe('an answer', () => {
  test('is read whole', () => {
    const decisions = { release: 'r3', holds: true, path: { port: 25_433 }, outcome: 'switch', verdict: 'kept' }
    expect(readAnswer(JSON.stringify({ of: 4, decisions }))).toEqual({ of: 4, decisions })
    expect(readAnswer('{"of":4,"failed":"the disk"}')).toEqual({ of: 4, failed: 'the disk' })
  })

  test.each([
    ['no decisions', '{"of":4}'],
    ['an outcome of another kind', '{"of":4,"decisions":{"outcome":"[redacted]"}}'],
    ['a verdict of another kind', '{"of":4,"decisions":{"verdict":true}}'],
    ['a port that is none', '{"of":4,"decisions":{"path":{"port":"22"}}}'],
    ['something that this version does not know', '{"of":4,"decisions":{"outcome":"switch","unless":"raining"}}'],
    ['a field of the language itself', '{"of":4,"decisions":{"constructor":true}}'],
  ])('%s is not acted upon', (_, line) => {
    expect(readAnswer(line)).toBeUndefined()
  })
})
