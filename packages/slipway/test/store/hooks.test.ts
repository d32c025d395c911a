import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { EnvironmentConfig } from '../../src/config/model.ts'
import { programHooks } from '../../src/store/hooks.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-hooks-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

function hooks(...beforeDeploy: string[][]) {
  const config: Pick<EnvironmentConfig, 'directory' | 'app' | 'environment' | 'hooks'> = {
    directory,
    app: 'shop',
    environment: 'prod',
    hooks: { beforeDeploy, afterDeploy: [], onFailure: [], alert: [], timeoutMs: 500 },
  }
  return programHooks(config as EnvironmentConfig)
}

test('hooks run in order, in the project, told what is going on', async () => {
  await writeFile(join(directory, 'say.sh'), '#!/bin/sh\necho "$1 $SLIPWAY_APP $SLIPWAY_VERSION" >> said\n', {
    mode: 0o755,
  })
  await hooks(['./say.sh', 'one'], [], ['./say.sh', 'two']).run('beforeDeploy', { SLIPWAY_VERSION: 'abc' })
  expect(await readFile(join(directory, 'said'), 'utf8')).toBe('one shop abc\ntwo shop abc\n')
})

test('they run in the folder that outlasts the code, where that is another one', async () => {
  const lasting = await mkdtemp(join(tmpdir(), 'slipway-lasting-'))
  try {
    const hooks = { beforeDeploy: [], afterDeploy: [['touch', 'here']], onFailure: [], alert: [], timeoutMs: 5000 }
    const config = { directory: join(directory, 'gone'), app: 'shop', environment: 'prod', hooks }
    await programHooks(config as unknown as EnvironmentConfig, lasting).run('afterDeploy', {})
    expect((await stat(join(lasting, 'here'))).isFile()).toBe(true)
  } finally {
    await rm(lasting, { recursive: true, force: true })
  }
})

test('no word of a hook is ever read by a shell', async () => {
  const words = ['$(touch pwned)', '; touch pwned', '`touch pwned`', '--flag', 'ü\n']
  await hooks(['true', ...words]).run('beforeDeploy', { SLIPWAY_X: '$(touch pwned)' })
  await expect(stat(join(directory, 'pwned'))).rejects.toThrow('ENOENT')
})

test.each([
  [['false'], 'code 1'],
  [['sleep', '5'], 'within 0.5 s'],
  [['./missing'], 'code 127'],
])('%j fails with its reason, and the next one does not run', async (argv, why) => {
  const run = hooks(argv, ['touch', 'next']).run('beforeDeploy', {})
  await expect(run).rejects.toMatchObject({ code: 'HOOK_FAILED', why: expect.stringContaining(why) as unknown })
  await expect(stat(join(directory, 'next'))).rejects.toThrow('ENOENT')
})
