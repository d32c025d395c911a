import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newIdentity } from '../../src/secrets/age.ts'
import { directory, file, onAFolderOfItsOwn, set, slipway } from './secrets-folder.ts'

onAFolderOfItsOwn()

const good = 'ab'.repeat(32)

describe('slipway secrets check is not green where', () => {
  test('the file of an environment is gone, and something is required', async () => {
    await set('staging', 'JWT_SECRET', good)
    await set('prod', 'JWT_SECRET', 'cd'.repeat(32))
    await rm(file('prod'))
    for (const argv of [
      ['secrets', 'check'],
      ['secrets', 'check', 'prod'],
    ]) {
      const ran = await slipway(argv)
      expect(ran).toMatchObject({ exitCode: 1 })
      expect(ran.stdout).toMatch(/prod +error +JWT_SECRET is required and has no value +slipway secrets generate prod/)
    }
  })

  test('no key at hand opens anything', async () => {
    await set('staging', 'JWT_SECRET', good)
    await set('prod', 'JWT_SECRET', 'cd'.repeat(32))
    const env = { SLIPWAY_AGE_KEY: await newIdentity() }
    for (const argv of [
      ['secrets', 'check'],
      ['secrets', 'check', 'prod'],
    ]) {
      const ran = await slipway(argv, { env })
      expect(ran).toMatchObject({ exitCode: 1, stdout: '' })
      expect(ran.stderr).toContain('AGE_KEY_UNUSABLE')
    }
  })
})

test('what is required and stands in the env file is there', async () => {
  await writeFile(join(directory, '.env'), `JWT_SECRET=${good}\n`)
  const ran = await slipway(['secrets', 'check', 'prod'])
  expect(ran).toMatchObject({ exitCode: 0 })
  expect(ran.stdout).toContain('the secrets of prod are as declared')
  await writeFile(join(directory, '.env'), 'JWT_SECRET=too-short-to-fit\n')
  const unfit = await slipway(['secrets', 'check', 'prod'])
  expect(unfit).toMatchObject({ exitCode: 1 })
  expect(unfit.stdout + unfit.stderr).not.toContain('too-short-to-fit')
})

test('nobody is told to remove what something uses', async () => {
  await writeFile(
    join(directory, 'compose.yaml'),
    'services: { db: { image: postgres, environment: { POSTGRES_PASSWORD: "${DB_PASSWORD}" } } }\n',
  )
  await set('prod', 'JWT_SECRET', good)
  await set('prod', 'DB_PASSWORD', 'a password of the database')
  await set('prod', 'LEFT_OVER', 'of an earlier day')
  const { stdout, exitCode } = await slipway(['secrets', 'check', 'prod'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('slipway secrets remove prod LEFT_OVER')
  expect(stdout).not.toContain('DB_PASSWORD')
})
