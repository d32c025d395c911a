import { watch } from 'node:fs'
import { mkdtemp, open, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { removeAbandoned } from '../../src/backup/abandoned.ts'
import { claimFolder } from '../../src/backup/owner.ts'
import { removeHalfWritten } from '../../src/support/files.ts'
import { holdFile } from '../../src/support/held-file.ts'

const dump = 'pre-deploy-20261122-072131.dump'
const digest = `${dump}.sha256.b73786a0055b.partial`
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-abandoned-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function make(...names: string[]): Promise<void> {
  for (const name of names) await writeFile(join(folder, name), 'x')
}

test('half a dump whose process is gone goes, and so does half a digest, with or without its dump', async () => {
  await make(
    `${dump}.partial`,
    `${dump}.0123456789ab.partial`,
    digest,
    'daily-2026-11-22.sql',
    'daily-2026-11-22.sql.sha256.0123456789ab.partial',
    // Of who looked whether the folder can be written to.
    '.slipway-26775.partial',
  )
  await removeAbandoned(folder)
  expect(await readdir(folder)).toEqual(['daily-2026-11-22.sql'])
})

test('what somebody is dumping stays, and the digest that is written once it has its name', async () => {
  await make(`${dump}.partial`)
  const dumping = await open(join(folder, `${dump}.partial`), 'a')
  await holdFile(dumping)
  await removeAbandoned(folder)
  expect(await readdir(folder)).toEqual([`${dump}.partial`])

  await rm(join(folder, `${dump}.partial`))
  await make(dump, digest)
  const named = await open(join(folder, dump), 'a')
  await holdFile(named)
  await removeAbandoned(folder)
  expect(await readdir(folder)).toEqual([dump, digest])
  await Promise.all([dumping.close(), named.close()])
})

test('half a claim of the folder goes after a minute, and what is claimed is not written again', async () => {
  const half = '.slipway-backups-of.535b839fe5e3.partial'
  await make(half)
  await removeAbandoned(folder)
  expect(await readdir(folder)).toEqual([half])
  await removeAbandoned(folder, new Date(Date.now() + 61_000))
  expect(await readdir(folder)).toEqual([])
  await claimFolder(folder, 'shop-prod')
  const { mtimeMs, ino } = await stat(join(folder, '.slipway-backups-of'))
  const changed = watch(folder)
  const heard: string[] = []
  changed.on('change', (_what, name) => heard.push(String(name)))
  await claimFolder(folder, 'shop-prod')
  await new Promise(resolve => setTimeout(resolve, 50))
  changed.close()
  expect(heard).toEqual([])
  expect(await stat(join(folder, '.slipway-backups-of'))).toMatchObject({ mtimeMs, ino })
})

test('what is not of these names stays', async () => {
  const others = ['mine.partial', `${dump}.sha256.partial`, `${dump}.bak.partial`, 'daily-2026-02-31.sql.partial']
  await make(...others)
  await removeAbandoned(folder)
  expect((await readdir(folder)).sort()).toEqual(others.sort())
})

test('half a file of any other kind goes when nobody has touched it for a minute', async () => {
  const [old, young, other] = ['warm.json.0123456789ab.partial', 'x.ba9876543210.partial', 'mine.partial']
  await make(old, young, other)
  for (const name of [old, other]) await utimes(join(folder, name), 1_700_000_000, 1_700_000_000)
  await removeHalfWritten(folder)
  expect((await readdir(folder)).sort()).toEqual([other, young].sort())
})
