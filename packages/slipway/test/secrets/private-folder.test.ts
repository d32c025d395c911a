import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isInMemory, withPrivateFolder } from '../../src/secrets/private-folder.ts'

let base = ''
let before: string | undefined
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-private-'))
  before = process.env['XDG_RUNTIME_DIR']
  process.env['XDG_RUNTIME_DIR'] = base
})
afterEach(async () => {
  if (before === undefined) delete process.env['XDG_RUNTIME_DIR']
  else process.env['XDG_RUNTIME_DIR'] = before
  await rm(base, { recursive: true, force: true })
})

describe('a folder for clear text', () => {
  test('is there for this user alone, and gone afterwards', async () => {
    let seen = ''
    const result = await withPrivateFolder(async folder => {
      seen = folder
      expect(statSync(folder).mode & 0o777).toBe(0o700)
      await writeFile(join(folder, 'clear'), 'x')
      return 'result'
    })
    expect(result).toBe('result')
    expect(dirname(seen)).toBe(base)
    expect(existsSync(seen)).toBe(false)
  })

  test.skipIf(!existsSync('/dev/shm'))('is in memory where the system has such a place', async () => {
    process.env['XDG_RUNTIME_DIR'] = ''
    expect(await withPrivateFolder(isInMemory)).toBe(true)
    expect(await isInMemory('/proc')).toBe(false)
  })

  test('is gone when what was done in it failed', async () => {
    await expect(withPrivateFolder(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(readdirSync(base)).toEqual([])
  })

  test('of a process that was killed is gone with the next; that of one that still runs stays', async () => {
    const { pid } = spawnSync('true')
    mkdirSync(join(base, `slipway-secrets-${pid}-abc123`))
    mkdirSync(join(base, `slipway-secrets-${process.ppid}-abc123`))
    mkdirSync(join(base, 'of-somebody-else'))
    await withPrivateFolder(async () => undefined)
    expect(readdirSync(base).sort()).toEqual(['of-somebody-else', `slipway-secrets-${process.ppid}-abc123`])
  })
})
