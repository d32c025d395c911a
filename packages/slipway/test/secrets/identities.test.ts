import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newIdentity, recipientOf } from '../../src/secrets/age.ts'
import { findIdentities, ownKey, takeIdentityFrom } from '../../src/secrets/identities.ts'
import type { SlipwayError } from '../../src/support/errors.ts'

let folder = ''
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'slipway-keys-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

async function keyFile(mode: number, text?: string): Promise<string> {
  const file = join(folder, 'key.txt')
  await writeFile(file, text ?? `# mine\n${await newIdentity()}\n`)
  await chmod(file, mode)
  return file
}

async function refusal(variables: Record<string, string>): Promise<SlipwayError> {
  return findIdentities(variables).then(
    () => {
      throw new Error('it was accepted')
    },
    (error: unknown) => error as SlipwayError,
  )
}

describe('the key at hand', () => {
  test('is the one of the variable, then of the file that is named, then of the usual file', async () => {
    const [one, two, three] = [await newIdentity(), await newIdentity(), await newIdentity()]
    const usual = { XDG_CONFIG_HOME: join(folder, 'config') }
    expect(await findIdentities(usual)).toEqual({ keys: [], from: join(folder, 'config/slipway/age.txt') })
    const made = await ownKey(usual)
    expect(made.made).toBe(true)
    expect((await stat(made.from)).mode & 0o777).toBe(0o600)
    expect(await ownKey(usual)).toEqual({ ...made, made: false })
    const named = { ...usual, SLIPWAY_AGE_KEY_FILE: await keyFile(0o600, `${two}\r\n\n# another\n${three}`) }
    expect((await findIdentities(named)).keys).toEqual([two, three])
    expect(await findIdentities({ ...named, SLIPWAY_AGE_KEY: `${one}\n` })).toEqual({
      keys: [one],
      from: 'SLIPWAY_AGE_KEY',
    })
  })

  test('several that make the first one at once get the same: what is encrypted for it can be read', async () => {
    const usual = { XDG_CONFIG_HOME: join(folder, 'together') }
    const keys = await Promise.all(Array.from({ length: 8 }, () => ownKey(usual)))
    expect(new Set(keys.map(key => key.recipients.join())).size).toBe(1)
    expect(keys.filter(key => key.made)).toHaveLength(1)
    expect(await readdir(join(folder, 'together/slipway'))).toEqual(['age.txt'])
  })

  test.each([0o640, 0o604, 0o620, 0o602, 0o644, 0o777])('a file of mode %i is refused with the mend', async mode => {
    const file = await keyFile(mode)
    const error = await refusal({ SLIPWAY_AGE_KEY_FILE: file })
    expect(error).toMatchObject({ code: 'AGE_KEY_UNUSABLE', next: `chmod 600 ${file}` })
  })

  test.each([
    ['a file that is not there', async () => join(folder, 'none')],
    ['a folder', async () => folder],
    ['an empty file', () => keyFile(0o600, '')],
    ['comments alone', () => keyFile(0o600, '# nothing\n')],
    ['something else', () => keyFile(0o600, 'hunter2-is-my-password\n')],
    ['an SSH key', () => keyFile(0o600, '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2-is-my-password\n')],
    ['a file that is far too large', () => keyFile(0o600, 'hunter2'.repeat(200_000))],
  ])('%s is refused and never quoted', async (_, make) => {
    const error = await refusal({ SLIPWAY_AGE_KEY_FILE: await make() })
    expect(error.code).toBe('AGE_KEY_UNUSABLE')
    expect(`${error.message}${error.why}${error.next}${error.stack}`).not.toContain('hunter2')
  })

  test('is taken out of the environment that other programs inherit', async () => {
    const identity = await newIdentity()
    const environment: NodeJS.ProcessEnv = { SLIPWAY_AGE_KEY: identity }
    takeIdentityFrom(environment)
    expect(environment).toEqual({})
    expect((await findIdentities({})).keys).toEqual([identity])
    expect(await recipientOf(identity)).toMatch(/^age1/)
  })
})
