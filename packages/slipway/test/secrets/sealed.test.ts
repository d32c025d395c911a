import { beforeAll, describe, expect, test } from 'vitest'
import { encryptor } from '../../src/secrets/age.ts'
import { newSecrets, withRecipients, withValues } from '../../src/secrets/change.ts'
import { openSealedFile, type OpenSecrets } from '../../src/secrets/open.ts'
import { newSealKeys, printSealKeys, sealOf } from '../../src/secrets/seal.ts'
import type { SealedFile } from '../../src/secrets/sealed-file.ts'
import { parseSealedFile, printSealedFile } from '../../src/secrets/sealed-yaml.ts'
import type { SlipwayError } from '../../src/support/errors.ts'
import { bytesOf, type Holder, holder, identities, owner, publicPart, secretsOf } from './keys.ts'

let ada: Holder
let ci: Holder
let stranger: Holder
let before: OpenSecrets
let text: string

beforeAll(async () => {
  ada = await holder('ada')
  ci = await holder('ci', 'ci')
  stranger = await holder('stranger')
  before = await secretsOf([ada, ci], { API_KEY: 'key-one', DB_PASSWORD: 'password-two', JWT: 'a\nb\r\nc ' })
  text = printSealedFile(before.sealed)
})

const open = (given: SealedFile, who: Holder = ada, of = owner) =>
  openSealedFile(given, 'secrets/prod.yaml', of, identities(who))

async function refusal(attempt: Promise<unknown>): Promise<SlipwayError> {
  try {
    await attempt
  } catch (error) {
    return error as SlipwayError
  }
  throw new Error('it was accepted')
}

describe('what was sealed', () => {
  test('comes out again for everybody it is for, byte by byte', async () => {
    for (const who of [ada, ci]) {
      const opened = await open(parseSealedFile(text, 'x'), who)
      expect([...opened.values].map(([name, value]) => [name, Buffer.from(value).toString()])).toEqual([
        ['API_KEY', 'key-one'],
        ['DB_PASSWORD', 'password-two'],
        ['JWT', 'a\nb\r\nc '],
      ])
    }
  })

  test('shows names and recipients, and nothing of a value', () => {
    expect(text).toContain('  DB_PASSWORD: |')
    expect(text).toContain(`    key: ${ci.key}`)
    for (const value of ['key-one', 'password-two', Buffer.from('key-one').toString('base64')])
      expect(text).not.toContain(value)
  })

  test('is read from a checkout with Windows line ends', async () => {
    expect((await open(parseSealedFile(text.replaceAll('\n', '\r\n'), 'x'))).values.size).toBe(3)
  })

  test('a change leaves the other ciphertexts as they are', async () => {
    const after = await withValues(before, bytesOf({ API_KEY: 'key-three' }))
    const lines = new Set(text.split('\n'))
    const changed = printSealedFile(after.sealed)
      .split('\n')
      .filter(line => !lines.has(line))
    expect(after.sealed.values.get('DB_PASSWORD')).toBe(before.sealed.values.get('DB_PASSWORD'))
    expect(
      changed.filter(line => line.startsWith('  ')).every(line => /^ {4}[A-Za-z0-9+/=]+$|^ {2}mac: /.test(line)),
    ).toBe(true)
    expect(changed.find(line => line.startsWith('revision'))).toBe('revision: 3')
  })

  test('holds 10 MB, an empty file, binary values, and 300 names', async () => {
    const large = Buffer.alloc(10 * 1024 * 1024, 'x\n')
    const binary = Buffer.from([0, 255, 254, 10, 13, 0])
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`N${index}`, `v${index}`]))
    const sealed = await withValues(before, new Map([...bytesOf(many), ['LARGE', large], ['BINARY', binary]]))
    const opened = await open(parseSealedFile(printSealedFile(sealed.sealed), 'x'))
    expect(Buffer.compare(Buffer.from(opened.values.get('LARGE') ?? []), large)).toBe(0)
    expect(Buffer.from(opened.values.get('BINARY') ?? [])).toEqual(binary)
    expect(opened.values.size).toBe(305)
    const empty = await newSecrets(owner, [publicPart(ada)])
    expect((await open(parseSealedFile(printSealedFile(empty.sealed), 'x'))).values.size).toBe(0)
  }, 60_000)

  test('a value that is larger than 16 MB is refused before it is encrypted', async () => {
    const error = await refusal(withValues(before, new Map([['LARGE', Buffer.alloc(16 * 1024 * 1024 + 1)]])))
    expect(error.code).toBe('SECRET_INVALID')
  })
})

describe('somebody who can write the file and not read it', () => {
  const tampered = async (given: SealedFile) => {
    const error = await refusal(open(given))
    expect([error.code, error.exitCode]).toEqual(['SECRETS_TAMPERED', 1])
    return error
  }

  /** What anybody can do who knows the public keys. */
  const encrypted = async (value: string) => (await encryptor([ada.key, ci.key]))(Buffer.from(value))

  const changed = (change: (values: Map<string, string>) => void): SealedFile => {
    const values = new Map(before.sealed.values)
    change(values)
    return { ...before.sealed, values }
  }

  test('can not put a value of his own in', async () => {
    const own = await encrypted('mine')
    await tampered(changed(values => values.set('JWT', own)))
  })

  test('can not put the very same value in, encrypted anew', async () => {
    const same = await encrypted('key-one')
    await tampered(changed(values => values.set('API_KEY', same)))
  })

  test('can not add, remove, rename or swap values', async () => {
    const own = await encrypted('mine')
    const [api = '', db = ''] = [before.sealed.values.get('API_KEY'), before.sealed.values.get('DB_PASSWORD')]
    await tampered(changed(values => values.set('NEW', own)))
    await tampered(changed(values => values.delete('JWT')))
    await tampered(changed(values => values.set('OTHER', api).delete('API_KEY')))
    await tampered(changed(values => values.set('API_KEY', db).set('DB_PASSWORD', api)))
    await tampered(changed(values => values.set('DB_PASSWORD', api)))
  })

  test('can not bring back an older value, with or without the number of then', async () => {
    const after = await withValues(before, bytesOf({ API_KEY: 'key-rotated' }))
    const old = before.sealed.values.get('API_KEY') ?? ''
    const back = { ...after.sealed, values: new Map(after.sealed.values).set('API_KEY', old) }
    await tampered(back)
    await tampered({ ...back, revision: before.sealed.revision })
    await tampered({ ...after.sealed, revision: after.sealed.revision + 1 })
    expect((await open(after.sealed)).values.size).toBe(3)
  })

  test('can not become a recipient, or turn another out', async () => {
    const recipients = before.sealed.recipients
    await tampered({ ...before.sealed, recipients: [...recipients, publicPart(stranger)] })
    await tampered({ ...before.sealed, recipients: recipients.slice(0, 1) })
    await tampered({ ...before.sealed, recipients: recipients.toReversed() })
    await tampered({ ...before.sealed, recipients: recipients.map(each => ({ ...each, name: `${each.name}x` })) })
  })

  test('can not make a seal of his own over ciphertexts that he can not read', async () => {
    const keys = newSealKeys()
    const own = await encrypted('mine')
    const contents = changed(values => values.set('JWT', own))
    const mac = sealOf(contents, bytesOf({ JWT: 'mine' }), keys[0])
    await tampered({ ...contents, seal: { keys: await encrypted(printSealKeys(keys)), mac } })
  })

  test('can not hand the secrets of one environment to another', async () => {
    await tampered({ ...before.sealed, environment: 'staging' })
    expect((await refusal(open(before.sealed, ada, { app: 'shop', environment: 'staging' }))).why).toContain(
      'it is the file of shop in prod',
    )
    const relabelled = parseSealedFile(text.replace('environment: prod', 'environment: staging'), 'x')
    expect((await refusal(open(relabelled, ada, { app: 'shop', environment: 'staging' }))).code).toBe(
      'SECRETS_TAMPERED',
    )
  })

  test('is noticed wherever he changes a character', async () => {
    const characters = Array.from(text)
    const meaningful = characters
      .map((_, index) => index)
      .filter(index => {
        const line = text.slice(text.lastIndexOf('\n', index - 1) + 1, index)
        return !line.startsWith('#') && characters[index] !== '#' && /\S/.test(characters[index] ?? '')
      })
    const step = Math.ceil(meaningful.length / 250)
    let tried = 0
    for (const index of meaningful.filter((_, at) => at % step === 0)) {
      const was = characters[index] ?? ''
      for (const is of [was === 'A' ? 'B' : 'A', was === '0' ? '1' : '0']) {
        if (is === was) continue
        const altered = text.slice(0, index) + is + text.slice(index + 1)
        tried += 1
        const error = await refusal((async () => open(parseSealedFile(altered, 'x')))())
        expect(['SECRETS_TAMPERED', 'SECRETS_INVALID', 'AGE_KEY_UNUSABLE']).toContain(error.code)
      }
    }
    expect(tried).toBeGreaterThan(300)
  }, 120_000)
})

describe('the wrong key', () => {
  test('opens nothing, and the error says whose would', async () => {
    const error = await refusal(open(before.sealed, stranger))
    expect(error.code).toBe('AGE_KEY_UNUSABLE')
    expect(error.next).toContain('ada, ci')
    expect(error.next).toContain(stranger.key)
    expect(JSON.stringify([error.message, error.why, error.next, error.stack])).not.toContain(stranger.identity)
  })

  test('a damaged one is never quoted', async () => {
    const damaged = `${ada.identity.slice(0, -3)}QQQ`
    const error = await refusal(openSealedFile(before.sealed, 'x', owner, { keys: [damaged], from: 'a file' }))
    expect(error.code).toBe('AGE_KEY_UNUSABLE')
    expect(`${error.why}${error.stack}${String(error.cause)}`).not.toContain(damaged.slice(0, 30))
  })
})

describe('recipients', () => {
  test('who is added can read everything; the key of the seal stays', async () => {
    const after = await withRecipients(before, [ada, ci, stranger].map(publicPart))
    const opened = await open(after.sealed, stranger)
    expect(opened.values.size).toBe(3)
    expect(opened.keys).toEqual(before.keys)
  })

  test('who is removed can read nothing of what comes after; the seal gets a new key that knows the old one', async () => {
    const after = await withRecipients(before, [publicPart(ada)])
    expect((await refusal(open(after.sealed, ci))).code).toBe('AGE_KEY_UNUSABLE')
    const opened = await open(after.sealed)
    expect(opened.keys[0]).not.toEqual(before.keys[0])
    expect(opened.keys[1]).toEqual(before.keys[0])
    for (const [name, ciphertext] of after.sealed.values) expect(ciphertext).not.toBe(before.sealed.values.get(name))
  })
})
