import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkConfiguration } from '../../../packages/slipway/src/cli/wiring/check.ts'
import { newIdentity, recipientOf } from '../../../packages/slipway/src/secrets/age.ts'
import { newSecrets, withValues } from '../../../packages/slipway/src/secrets/change.ts'
import { printSealedFile } from '../../../packages/slipway/src/secrets/sealed-yaml.ts'
import type { SlipwayError } from '../../../packages/slipway/src/support/errors.ts'
import { run } from '../../../packages/slipway/src/support/run.ts'

/** `slipway check` with encrypted secrets and Git, as in a pipeline; Compose itself reads the files, no container runs. */
let directory = ''
let identity = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-check-'))
  identity = await newIdentity()
  process.env['SLIPWAY_AGE_KEY'] = identity
  await write(
    'slipway.yaml',
    `app: shop
health: /
edge: { listen: "127.0.0.1:8080" }
secrets: { JWT_SECRET: { format: hex } }
environments: { staging: {}, prod: {} }
`,
  )
  await write(
    'compose.yaml',
    'services: { api: { image: "a:1", expose: [3000], environment: { J: "${JWT_SECRET:?}" } } }\n',
  )
  await run('git', ['init', '-q', directory])
})
afterEach(async () => {
  delete process.env['SLIPWAY_AGE_KEY']
  await rm(directory, { recursive: true, force: true })
})

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(directory, path, '..'), { recursive: true })
  await writeFile(join(directory, path), text)
}

async function seal(environment: string, values: Record<string, string>): Promise<void> {
  const empty = await newSecrets({ app: 'shop', environment }, [
    { name: 'me', kind: 'person', key: await recipientOf(identity) },
  ])
  const { sealed } = await withValues(
    empty,
    new Map(Object.entries(values).map(([name, value]) => [name, Buffer.from(value)])),
  )
  await write(`secrets/${environment}.yaml`, printSealedFile(sealed))
}

const check = (history = false) => checkConfiguration(join(directory, 'slipway.yaml'), undefined, { history })

async function mistakes(history = false): Promise<{ code: string; told: string[] }> {
  const error = await check(history).then(
    () => undefined,
    (thrown: unknown) => thrown as SlipwayError,
  )
  const told = (error?.problems ?? []).filter(each => each.severity === 'error')
  return {
    code: error?.code ?? 'none',
    told: told.map(each => `${each.file.slice(directory.length + 1)}:${each.line} ${each.path}: ${each.message}`),
  }
}

describe('slipway check', () => {
  test('takes variables from the encrypted files, and finds nothing wrong', async () => {
    await seal('staging', { JWT_SECRET: 'aa'.repeat(32) })
    await seal('prod', { JWT_SECRET: 'bb'.repeat(32) })
    await run('git', ['-C', directory, 'add', '.'])
    expect(await check()).toMatchObject({ warnings: [], scanned: { files: 4, skipped: [] } })
  })

  test('without a key names are checked, and only that is said', async () => {
    await seal('staging', { JWT_SECRET: 'aa'.repeat(32) })
    await seal('prod', { JWT_SECRET: 'no hex at all' })
    process.env['SLIPWAY_AGE_KEY'] = await newIdentity()
    const { warnings } = await check()
    expect(warnings.map(each => each.message)).toEqual([
      expect.stringContaining('No key at hand opens'),
      expect.stringContaining('No key at hand opens'),
    ])
    await seal('prod', {})
    expect((await mistakes()).code).toBe('SECRET_MISSING')
  })

  test('what is the same in two environments, does not fit or was tampered with is an error', async () => {
    await seal('staging', { JWT_SECRET: 'not-hex-but-the-same' })
    await seal('prod', { JWT_SECRET: 'not-hex-but-the-same' })
    expect(await mistakes()).toEqual({
      code: 'CONFIG_INVALID',
      told: [
        'secrets/staging.yaml:0 JWT_SECRET: JWT_SECRET does not fit: it is not hexadecimal digits',
        'secrets/prod.yaml:0 JWT_SECRET: JWT_SECRET does not fit: it is not hexadecimal digits',
        'secrets/prod.yaml:0 JWT_SECRET: JWT_SECRET is the same in staging and prod',
      ],
    })
    const file = join(directory, 'secrets/prod.yaml')
    await write('secrets/prod.yaml', (await readFile(file, 'utf8')).replace('revision: 2', 'revision: 3'))
    await seal('staging', { JWT_SECRET: 'aa'.repeat(32) })
    expect((await mistakes()).told[0]).toContain('its seal does not fit')
  })

  test('a secret in clear in Git is an error with its line, and its value is not shown', async () => {
    await seal('staging', { JWT_SECRET: 'aa'.repeat(32) })
    await seal('prod', { JWT_SECRET: '0123456789abcdef'.repeat(4).split('').reverse().join('') })
    const value = '0123456789abcdef'.repeat(4).split('').reverse().join('')
    await write('src/config.ts', `export const a = 1\nexport const jwt = '${value}'\n`)
    await run('git', ['-C', directory, 'add', '.'])
    const found = await mistakes()
    expect(found).toEqual({
      code: 'SECRET_EXPOSED',
      told: ['src/config.ts:2 known-secret: here is the value of JWT_SECRET in prod in clear, and Git keeps it'],
    })
    const allowed =
      (await readFile(join(directory, 'slipway.yaml'), 'utf8')) +
      'scan: { allow: [{ file: src, because: a test }, { file: gone, because: a test }] }\n'
    await write('slipway.yaml', allowed)
    expect((await check()).warnings.map(each => each.message)).toEqual(['nothing is found any more in gone'])
  })

  test('one that was taken out is found in the history, until its commit is allowed', async () => {
    await seal('staging', { JWT_SECRET: 'aa'.repeat(32) })
    await seal('prod', { JWT_SECRET: 'bb'.repeat(32) })
    const commit = async () => {
      await run('git', ['-C', directory, 'add', '--all'])
      await run('git', ['-C', directory, '-c', 'user.name=a', '-c', 'user.email=a@b.c', 'commit', '-qm', 'a change'])
      return (await run('git', ['-C', directory, 'rev-parse', 'HEAD'])).stdout.trim()
    }
    await write('.env', 'JWT_SECRET=abc123xyz\n')
    const first = (await commit()).slice(0, 12)
    await rm(join(directory, '.env'))
    await commit()
    expect((await check()).scanned).toEqual({ files: 4, skipped: [] })
    expect(await mistakes(true)).toEqual({
      code: 'SECRET_EXPOSED',
      told: [expect.stringContaining(`.env:1 env-file: in commit ${first} of `)],
    })
    const settings = await readFile(join(directory, 'slipway.yaml'), 'utf8')
    const allow = (commit: string) =>
      write('slipway.yaml', `${settings}scan: { allow: [{ file: .env, commit: "${commit}", because: rotated }] }\n`)
    await allow('0000000')
    expect((await mistakes(true)).code).toBe('SECRET_EXPOSED')
    await allow(first)
    expect(await check()).toMatchObject({ warnings: [] })
    expect(await check(true)).toMatchObject({
      warnings: [],
      scanned: { history: { commits: 2, versions: 5, tooLarge: 0 } },
    })
  })

  test('where Git does not trust the folder, that nothing was searched is said', async () => {
    await seal('staging', { JWT_SECRET: 'aa'.repeat(32) })
    await seal('prod', { JWT_SECRET: 'bb'.repeat(32) })
    process.env['GIT_TEST_ASSUME_DIFFERENT_OWNER'] = '1'
    try {
      const report = await check()
      expect(report.scanned).toBeUndefined()
      expect(report.warnings.map(each => each.message)).toEqual([
        expect.stringMatching(/no secrets were searched for: .*ownership/),
      ])
      expect((await mistakes(true)).code).toBe('HISTORY_INCOMPLETE')
    } finally {
      delete process.env['GIT_TEST_ASSUME_DIFFERENT_OWNER']
    }
  })
})
