import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isAllowed } from '../../src/secrets/scan/allow.ts'
import { scanRepository } from '../../src/secrets/scan/repository.ts'
import { scanText } from '../../src/secrets/scan/text.ts'
import { run } from '../../src/support/run.ts'

/** Made up here, and put together so that this file has none of them. */
const letters = (count: number, alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789') =>
  Array.from(randomBytes(count), byte => alphabet[byte % alphabet.length]).join('')
const hex = (count: number) => letters(count, '0123456789abcdef')
const upper = (count: number) => letters(count, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')

const samples: [rule: string, text: string][] = [
  ['private-key', `-----BEGIN ${'RSA PRIVATE'} KEY-----\n${letters(60)}`],
  ['private-key', `key = "-----BEGIN ${'PRIVATE'} KEY-----\\n${letters(60)}"`],
  ['private-key', `-----BEGIN ${'OPENSSH PRIVATE'} KEY-----\n`],
  ['age-identity', `AGE-SECRET-${'KEY-1'}${upper(58)}`],
  ['aws-access-key', `AKI${'A'}${upper(16)}`],
  ['github-token', `gh${'p'}_${letters(36)}`],
  ['gitlab-token', `glpat${'-'}${letters(20)}`],
  ['npm-token', `npm${'_'}${letters(36)}`],
  ['slack-token', `xoxb${'-'}${letters(12, '0123456789')}-${letters(24)}`],
  ['stripe-key', `sk_${'live'}_${letters(24)}`],
  ['sendgrid-key', `SG${'.'}${letters(22)}.${letters(43)}`],
  ['google-key', `AIz${'a'}${letters(35)}`],
  ['telegram-token', `987312465${':AA'}${letters(33)}`],
  ['digitalocean-token', `dop_${'v1'}_${hex(64)}`],
  ['json-web-token', `ey${'J'}${letters(20)}.ey${'J'}${letters(30)}.${letters(43)}`],
  ['url-password', `postgres://shop:${'9x'}${letters(20)}@db.internal/shop`],
]

describe('secrets in clear', () => {
  test.each(samples)('%s is found, at its line and column', (rule, secret) => {
    const found = scanText('src/a.ts', `one\n\n  const x = '${secret}'\n`)
    expect(found).toMatchObject([{ rule, line: 3 }])
    expect(JSON.stringify(found)).not.toContain(secret.slice(-12))
  })

  test('the place is that of the secret itself', () => {
    const secret = `gh${'p'}_${letters(36)}`
    expect(scanText('a', `x\nab ${secret}`)).toMatchObject([{ line: 2, column: 4 }])
  })

  test.each([
    'postgresql://user:password@localhost:5432/app',
    'postgresql://baby:STRONG_PASSWORD_HERE@db:5432/baby',
    'redis://:${REDIS_PASSWORD}@cache:6379',
    'JWT_SECRET=${JWT_SECRET:?}',
    'AKIAIOSFODNN7EXAMPLE',
    '-----BEGIN CERTIFICATE-----',
    '-----BEGIN PUBLIC KEY-----',
    'const PASSWORD_MIN_LENGTH = 12345678901234',
    'sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==',
    'commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904',
    'password: "correct horse battery staple"',
  ])('%s is none', text => {
    expect(scanText('config/app.yaml', text)).toEqual([])
  })

  test('a value whose name says so is found in settings, and not in code', () => {
    const text = `SESSION_SECRET=${hex(40)}`
    expect(scanText('config/app.yaml', text)).toMatchObject([{ rule: 'assigned-secret' }])
    expect(scanText('src/app.ts', text)).toEqual([])
  })

  test('a value of one’s own is found wherever it stands, also in base64, and said by its name', () => {
    const value = 'not-a-known-form 7f3k'
    const known = [{ environment: 'prod', name: 'SMTP_PASSWORD', value }]
    for (const text of [value, Buffer.from(value).toString('base64'), encodeURIComponent(value)]) {
      expect(scanText('notes.md', `see ${text}!`, known)).toMatchObject([
        { rule: 'known-secret', is: 'the value of SMTP_PASSWORD in prod', line: 1, column: 5 },
      ])
    }
  })

  test('no line, however long, makes it slow', () => {
    const lines = [
      'eyJ'.repeat(300_000),
      `a://${'b:'.repeat(300_000)}`,
      'KEY='.repeat(300_000),
      'A-'.repeat(500_000),
      `"auth":"${'A'.repeat(900_000)}`,
    ]
    const start = performance.now()
    for (const line of lines) scanText('a.yaml', line)
    expect(performance.now() - start).toBeLessThan(3000)
  })
})

describe('the allow list', () => {
  const allow = (file: string, rule?: string) => [{ file, because: 'a test', ...(rule === undefined ? {} : { rule }) }]
  test.each([
    ['test/a.pem', 'test/a.pem', true],
    ['test', 'test/deep/a.pem', true],
    ['test/', 'test/a.pem', true],
    ['./test', 'test/a.pem', true],
    ['test/*.pem', 'test/a.pem', true],
    ['**/fixtures', 'a/b/fixtures/c.txt', true],
    ['**/*.pem', 'a.pem', true],
    ['a*b*c.pem', 'axxbxxc.pem', true],
    ['test/*.pem', 'test/deep/a.pem', false],
    ['tes', 'test/a.pem', false],
    ['a*a', 'a', false],
    ['test/a.pem', 'test', false],
  ])('%s covers %s: %s', (pattern, path, expected) => {
    expect(isAllowed(allow(pattern), path, 'private-key') !== undefined).toBe(expected)
  })

  test('allows one rule alone when it says so', () => {
    expect(isAllowed(allow('a', 'private-key'), 'a', 'github-token')).toBeUndefined()
  })
})

describe('a repository', () => {
  let directory = ''
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'slipway-scan-'))
    await run('git', ['init', '-q', directory])
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  async function write(path: string, text: string | Uint8Array, tracked = true): Promise<void> {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
    if (tracked) await run('git', ['-C', directory, 'add', '-f', '--', path])
  }

  const rulesAndPlaces = async (options = {}) =>
    ((await scanRepository(directory, options))?.problems ?? []).map(
      each => `${each.path} ${each.file.slice(directory.length + 1)}:${each.line}`,
    )

  test('what Git keeps is looked at, and nothing else', async () => {
    const token = `gh${'p'}_${letters(36)}`
    await write('kept.txt', token)
    await write('ignored.txt', token, false)
    await write('binary.bin', Buffer.concat([Buffer.from([0]), Buffer.from(token)]))
    await write('odd\nname;$(touch x).txt', token)
    await symlink('/etc/passwd', join(directory, 'link'))
    await run('git', ['-C', directory, 'add', 'link'])
    await write('gone.txt', token)
    await rm(join(directory, 'gone.txt'))
    expect(await rulesAndPlaces()).toEqual(['github-token kept.txt:1', 'github-token odd\nname;$(touch x).txt:1'])
  })

  test('env files, files in folders of secrets and key stores are found by what they are', async () => {
    await write('.env', 'PORT=3000\nJWT_SECRET=abc123xyz\n')
    await write('.env.production', 'PORT=3000\n')
    await write('.env.example', 'JWT_SECRET=\nDB_PASSWORD=STRONG_PASSWORD_HERE\n')
    await write('secrets/db.txt', 'whatever')
    await write('secrets/README.md', 'How to')
    await write('secrets/prod.yaml', 'slipway: secrets/1\n')
    await write('src/secrets/rules.ts', 'export const x = 1')
    await write('release.keystore', 'x')
    expect(await rulesAndPlaces()).toEqual([
      'env-file .env:2',
      'key-file release.keystore:1',
      'secret-file secrets/db.txt:1',
    ])
  })

  test('what is allowed is left out; an allowance that allows nothing is told', async () => {
    await write('test/key.pem', `-----BEGIN ${'PRIVATE'} KEY-----\n`)
    const used = { file: 'test/*.pem', because: 'made for tests' }
    const unused = { file: 'old', because: 'gone' }
    expect(await scanRepository(directory, { allow: [used, unused] })).toMatchObject({ problems: [], unused: [unused] })
  })

  test('a folder that is in no repository is not looked at, and another repository’s variables do not lead astray', async () => {
    expect(await scanRepository(tmpdir())).toBeUndefined()
    await write('kept.txt', `gh${'p'}_${letters(36)}`)
    process.env['GIT_DIR'] = '/nonexistent'
    try {
      expect(await rulesAndPlaces()).toHaveLength(1)
    } finally {
      delete process.env['GIT_DIR']
    }
  })
})
