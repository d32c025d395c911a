import { expect, test } from 'vitest'
import { dumpArgv } from '../../src/backup/dump.ts'

test('what is packed is packed lightly, and what is not is not; plain text never is', () => {
  expect(dumpArgv('custom', true, 'c')).toContain('--compress=1')
  expect(dumpArgv('custom', false, 'c')).toContain('--compress=0')
  expect(dumpArgv('plain', true, 'c').filter(word => word.startsWith('--compress'))).toEqual([])
})
