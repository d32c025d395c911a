import { expect, test, vi } from 'vitest'
import { dailyBackup } from '../../../src/cli/wiring/daily-backup.ts'
import type { BackupFile, Backups } from '../../../src/release/ports.ts'
import { SlipwayError } from '../../../src/support/errors.ts'

const file = { file: '/backups/daily.dump' } as BackupFile
const ended = new SlipwayError('BACKUP_FAILED', 'The database shop could not be backed up', { why: 'it was ended' })

/** A dump fails as often as there are errors; a deployment is under way as long as the answers say. */
function scene(errors: Error[], answers: boolean[]) {
  const create = vi.fn(() => {
    const error = errors.shift()
    return error === undefined ? Promise.resolve(file) : Promise.reject(error)
  })
  const deploying = vi.fn(() => Promise.resolve(answers.shift() === true ? 'somebody' : undefined))
  const note = vi.fn()
  const begin = (signal = new AbortController().signal) =>
    dailyBackup({ create } as unknown as Backups, deploying, { note, signal })
  return { create, deploying, note, begin }
}

test('a backup that a deployment ended is taken again when that has ended, and says so', async () => {
  const { begin, create, deploying, note } = scene([ended], [true, false])
  await expect(begin()).resolves.toBe(file)
  expect(create).toHaveBeenCalledTimes(2)
  expect(deploying).toHaveBeenCalledTimes(2)
  expect(note).toHaveBeenCalledWith(expect.stringMatching(/it was ended; a deployment is under way/))
})

test('one that fails while nobody deploys, or for another reason, has failed', async () => {
  const alone = scene([ended], [])
  await expect(alone.begin()).rejects.toBe(ended)
  expect(alone.create).toHaveBeenCalledTimes(1)
  const other = new SlipwayError('DISK_FULL', 'full')
  await expect(scene([other], [true]).begin()).rejects.toBe(other)
})

test('it does not try for ever', async () => {
  const { begin, create } = scene([ended, ended, ended, ended, ended], [true, false, true, false, true, false, true])
  await expect(begin()).rejects.toBe(ended)
  expect(create).toHaveBeenCalledTimes(4)
})

test('nobody has to wait for the deployment who does not want to', async () => {
  const { begin } = scene([ended], [true, true, true])
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 50)
  await expect(begin(stop.signal)).rejects.toBe(ended)
})
