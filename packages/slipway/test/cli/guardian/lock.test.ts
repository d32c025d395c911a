import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readGuardArgv } from '../../../src/cli/guardian/address.ts'
import { guardedLock, recoveryPurpose, type Guarding } from '../../../src/cli/guardian/lock.ts'
import { fileLock } from '../../../src/store/lock.ts'

let directory: string
let file: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'guarded-'))
  file = join(directory, 'lock')
})

afterEach(() => rm(directory, { recursive: true, force: true }))

function guarding(parts: Partial<Guarding> = {}): Guarding & { told: number[] } {
  const told: number[] = []
  const channel = { send() {}, onMessage() {}, onClose() {} }
  const start = () => ({ channel, ended: async (limitMs: number) => void told.push(limitMs) })
  return { told, start, isEnded: async () => true, limitMs: 7, ...parts }
}

test('the guardian is told that all ended well, before the lock is free', async () => {
  const guard = guarding()
  const lock = await guardedLock(fileLock(file), file, guard).acquire('deploy')
  expect(guard.told).toEqual([])
  await lock.release()
  expect(guard.told).toEqual([7])
})

test.each([
  ['is unfinished', async () => false],
  ['can not be read', () => Promise.reject(new Error('EIO'))],
])('when the journal %s, the guardian is not told: it goes on trying', async (_what, isEnded) => {
  const guard = guarding({ isEnded })
  await (await guardedLock(fileLock(file), file, guard).acquire('deploy')).release()
  expect(guard.told).toEqual([])
})

test('no guardian is started for a lock that somebody else has', async () => {
  const held = await fileLock(file).acquire('deploy to prod')
  let started = 0
  const start = () => void (started += 1)
  await expect(guardedLock(fileLock(file), file, guarding({ start })).acquire('deploy')).rejects.toMatchObject({
    code: 'LOCKED',
  })
  expect(started).toBe(0)
  await held.release()
})

test('whoever recovers is waited for', async () => {
  const held = await fileLock(file).acquire(recoveryPurpose)
  setTimeout(() => void held.release(), 700)
  const began = performance.now()
  const lock = await guardedLock(fileLock(file), file, guarding()).acquire('deploy')
  expect(performance.now() - began).toBeGreaterThan(600)
  await lock.release()
})

test('without a guardian a deployment goes on', async () => {
  const lock = await guardedLock(fileLock(file), file, guarding({ start: () => undefined })).acquire('deploy')
  await lock.release()
})

test.each([
  [[]],
  [['__guard']],
  [['__guard', 'relative.yaml', 'prod', 'shop-prod']],
  [['__guard', '/a', 'b', 'c', 'd']],
])('%j is no address', argv => {
  expect(readGuardArgv(argv)).toBeUndefined()
})
