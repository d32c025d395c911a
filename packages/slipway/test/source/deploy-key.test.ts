import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensureDeployKey } from '../../src/source/deploy-key.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-key-'))
  file = join(folder, 'app', 'deploy-key')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('it is made once, readable by its owner alone, and nothing else stays', async () => {
  const made = await ensureDeployKey(file, 'slipway-shop-prod')
  expect(made).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]+ slipway-shop-prod$/)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await ensureDeployKey(file, 'slipway-shop-prod')).toBe(made)
  expect((await readdir(join(folder, 'app'))).sort()).toEqual(['deploy-key', 'deploy-key.pub'])
  expect(execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).split(' ')[1]).toBe(made.split(' ')[1])
})

test('all that make it at once have the same', async () => {
  const made = await Promise.all([1, 2, 3, 4].map(() => ensureDeployKey(file, 'x')))
  expect(new Set(made).size).toBe(1)
})

test('its public half is found again when only that was lost', async () => {
  const made = await ensureDeployKey(file, 'x')
  await rm(`${file}.pub`)
  expect(await ensureDeployKey(file, 'x')).toBe(made)
})

test('a key that is damaged is not replaced behind the back of who let it in', async () => {
  await ensureDeployKey(file, 'x')
  await rm(`${file}.pub`)
  await writeFile(file, 'rubbish')
  await expect(ensureDeployKey(file, 'x')).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
})
