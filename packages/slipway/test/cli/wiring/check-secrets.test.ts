import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { lookAtSecrets, secretProblems } from '../../../src/cli/wiring/check-secrets.ts'
import { loadConfig } from '../../../src/config/load.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-check-'))
  await writeFile(join(folder, 'compose.yaml'), 'services: {}\n')
  await writeFile(
    join(folder, 'slipway.yaml'),
    'app: shop\nsecrets: { JWT_SECRET: { format: hex } }\nenvironments: { prod: {} }\n',
  )
  return () => rm(folder, { recursive: true, force: true })
})

const problems = async () =>
  secretProblems(await lookAtSecrets((await loadConfig(join(folder, 'slipway.yaml'), 'prod')).config))

test('slipway check misses what is required also where there is no file of secrets', async () => {
  expect(await problems()).toMatchObject([
    { severity: 'error', path: 'JWT_SECRET', mend: 'slipway secrets generate prod JWT_SECRET' },
  ])
  await writeFile(join(folder, '.env'), 'JWT_SECRET=abcdef0123\n')
  expect(await problems()).toEqual([])
})
