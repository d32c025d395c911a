import { expect, test } from 'vitest'
import { run } from '../../src/support/run.ts'

test('a program that prints more than there is room for is told to be cut off', async () => {
  const loud = ['-e', 'process.stdout.write("x".repeat(100_000))']
  const ended = await run(process.execPath, loud, { maxBytes: 1000 })
  expect(ended.cutOff).toBe(true)
  expect(ended.stdout.length).toBeLessThanOrEqual(1000)
  expect((await run(process.execPath, loud)).cutOff).toBeUndefined()
})
