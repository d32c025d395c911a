import { expect, test } from 'vitest'
import { unlessAborted } from '../../src/support/unless-aborted.ts'

test('the answer comes through, and so does a failure', async () => {
  const { signal } = new AbortController()
  await expect(unlessAborted(Promise.resolve(7), signal)).resolves.toBe(7)
  await expect(unlessAborted(Promise.reject(new Error('no copy')), signal)).rejects.toThrow('no copy')
})

test('nobody waits who has been told to stop, before or meanwhile', async () => {
  const never = new Promise(() => undefined)
  await expect(unlessAborted(never, AbortSignal.abort())).rejects.toThrow('interrupted')
  const stop = new AbortController()
  const waiting = unlessAborted(never, stop.signal)
  stop.abort()
  await expect(waiting).rejects.toThrow('interrupted')
})
