import { expect, test } from 'vitest'
import { interruption } from '../../src/cli/interruption.ts'

test('the first Ctrl-C asks, the second leaves with 130', () => {
  const left: number[] = []
  const { signal, signalled } = interruption(code => left.push(code))
  expect(signal.aborted).toBe(false)
  signalled('SIGINT')
  expect([signal.aborted, left]).toEqual([true, []])
  signalled('SIGINT')
  expect(left).toEqual([130])
})

test('signals of a closing terminal or a stopping machine only ask', () => {
  const left: number[] = []
  const { signal, signalled } = interruption(code => left.push(code))
  signalled('SIGHUP')
  signalled('SIGTERM')
  signalled('SIGHUP')
  expect([signal.aborted, left]).toEqual([true, []])
})
