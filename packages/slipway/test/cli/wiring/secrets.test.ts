import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openSecrets } from '../../../src/cli/wiring/secrets.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-secrets-'))
  vi.stubEnv('XDG_CONFIG_HOME', folder)
  const config = 'app: shop\ncompose: compose.yaml\nedge: { listen: "127.0.0.1:80" }\nenvironments: { prod: {} }\n'
  await writeFile(join(folder, 'slipway.yaml'), config)
  await writeFile(join(folder, 'compose.yaml'), 'services: { web: { image: nginx } }\n')
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

test('of several that begin the file at once one succeeds, and the others hear that it was changed', async () => {
  const [prod] = await openSecrets(join(folder, 'slipway.yaml'), 'prod')
  if (prod === undefined) throw new Error('prod is an environment')
  const made = await Promise.all([1, 2, 3, 4].map(() => prod.create()))
  const saved = await Promise.allSettled(made.map(({ secrets }) => prod.save(secrets, undefined)))
  expect(saved.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const each of saved)
    if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'SECRETS_INVALID' })
})
