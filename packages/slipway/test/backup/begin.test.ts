import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { beginBackup } from '../../src/backup/begin.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-begin-'))
})
afterAll(() => rm(directory, { recursive: true }))

function begun() {
  const config = { directory, format: 'plain' as const, keep: 1, daily: { keepDays: 1 } }
  const server = { container: async () => undefined, user: 'app' }
  return beginBackup(
    { server, database: 'shop', config, owner: 'shop-prod', now: () => new Date() },
    'pre-deploy',
    () => undefined,
  )
}

test('a backup that fails while nobody waits for it is told to who comes for it, and leaves nothing', async () => {
  const backup = begun()
  // Whatever rejects unheard by then ends the process.
  await new Promise(resolve => setTimeout(resolve, 300))
  await expect(backup.verified).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
  await expect(backup.dumped).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  await expect(backup.keep()).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
  await backup.discard()
  expect(await readdir(directory)).toEqual(['.slipway-backups-of'])
})

test('one that nobody comes for can be discarded, however often', async () => {
  const backup = begun()
  await backup.discard()
  await backup.discard()
  expect(await readdir(directory)).toEqual(['.slipway-backups-of'])
})
