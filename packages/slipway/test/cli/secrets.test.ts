import { spawn, spawnSync } from 'node:child_process'
import { chmod, chown, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { newIdentity, recipientOf } from '../../src/secrets/age.ts'
import { base, directory, dist, file, get, identity, onAFolderOfItsOwn, set, slipway } from './secrets-folder.ts'

onAFolderOfItsOwn()

describe('slipway secrets', () => {
  test('what was set comes out again as it was, and is in no argument', async () => {
    const hostile = `$(touch ${base}/ran); "'\`\n--flag\u0000x ключ`
    expect(await slipway(['secrets', 'set', 'prod', 'HOSTILE'], { input: `${hostile}\n` })).toMatchObject({
      exitCode: 0,
    })
    expect(await slipway(['secrets', 'get', 'prod', 'HOSTILE'])).toMatchObject({ exitCode: 0, stdout: hostile })
    expect(await readdir(base)).not.toContain('ran')
    await slipway(['secrets', 'set', 'prod', 'EXACT', '--exact'], { input: 'a\n' })
    expect(await get('prod', 'EXACT')).toBe('a\n')
  })

  test.each([
    [['secrets', 'set', 'prod', '../x'], 2],
    [['secrets', 'set', 'prod', 'LD_PRELOAD'], 2],
    [['secrets', 'set', 'prod', 'A', 'value-on-the-command-line'], 2],
    [['secrets', 'set', 'nowhere', 'A'], 2],
    [['secrets', 'set'], 2],
    [['secrets'], 2],
    [['secrets', 'recipients'], 2],
    [['secrets', 'sett', 'prod', 'A'], 2],
    [['secrets', 'get', 'prod', 'NONE'], 1],
  ])('%j ends with %i, says how to go on, and writes nothing', async (argv, exitCode) => {
    const ran = await slipway(argv, { input: 'value' })
    expect(ran).toMatchObject({ exitCode, stdout: '' })
    expect(ran.stderr).toMatch(/next {2}/)
    expect(ran.stderr).not.toMatch(/ {4}at /)
    expect(await readdir(directory)).not.toContain('secrets')
  })

  test.each([
    ['set', 'prod', 'NAME=hunter2-x'],
    ['set', 'prod', 'NAME', '--value=hunter2-x'],
    ['set', 'prod', 'NAME', '--value=hunter2-x\nhunter2-y'],
    ['set', 'prod', "--NAME='hunter2-x'"],
    ['set', 'prod', 'NAME', 'hunter2-x'],
    ['generate', 'prod', 'NAME=hunter2-x'],
    ['rotate', 'prod', 'NAME=hunter2-x'],
    ['remove', 'prod', 'NAME=hunter2-x'],
    ['get', 'prod', 'NAME=hunter2-x'],
  ])('a value among the arguments is not said again: %s %s %s %s', async (...argv) => {
    await set('prod', 'A', 'one')
    const ran = await slipway(['secrets', ...argv], { input: 'value' })
    expect(ran.exitCode).toBeGreaterThan(0)
    expect(ran.stdout + ran.stderr).not.toContain('hunter2')
    if (argv[0] === 'set') expect(ran.stderr).toMatch(/typed unseen,? or piped in/)
  })

  test('an empty value is refused, a first one makes the file for the key at hand', async () => {
    const setA = ['secrets', 'set', 'prod', 'A']
    expect(await slipway(setA)).toMatchObject({ exitCode: 2 })
    expect(await slipway(setA, { input: 'one' })).toMatchObject({ exitCode: 0 })
    expect(await readFile(file('prod'), 'utf8')).toContain(await recipientOf(identity))
  })

  test('help is there for the topic and for each command', async () => {
    expect((await slipway(['--help'])).stdout).toContain('secrets …')
    expect((await slipway(['secrets', '--help'])).stdout).toContain('secrets recipients add')
    expect((await slipway(['secrets', 'recipients', '--help'])).stdout).toContain('secrets recipients remove')
    expect((await slipway(['secrets', 'recipients', 'add', '--help'])).stdout).toContain('--generate')
  })

  test('generate makes what is declared and missing, and replaces nothing unasked', async () => {
    expect(await slipway(['secrets', 'generate', 'prod', '--json'])).toMatchObject({ exitCode: 0 })
    const first = await get('prod', 'JWT_SECRET')
    expect(first).toMatch(/^[0-9a-f]{64}$/)
    expect(await slipway(['secrets', 'generate', 'prod', 'JWT_SECRET'])).toMatchObject({ exitCode: 2 })
    expect(await get('prod', 'JWT_SECRET')).toBe(first)
    expect(await slipway(['secrets', 'generate', 'prod', 'JWT_SECRET', '--replace'])).toMatchObject({ exitCode: 0 })
    expect(await get('prod', 'JWT_SECRET')).not.toBe(first)
    expect(await slipway(['secrets', 'generate', 'prod', 'URL'])).toMatchObject({ exitCode: 2 })
    await slipway(['secrets', 'generate', 'prod', 'OWN', '--format', 'digits', '--length', '8'])
    expect(await get('prod', 'OWN')).toMatch(/^\d{8}$/)
  })

  test('check and diff find what is missing, wrong, or the same in two environments, and show no value', async () => {
    await set('staging', 'JWT_SECRET', 'ab'.repeat(32))
    await set('prod', 'JWT_SECRET', 'ab'.repeat(32))
    await set('staging', 'MAIL', 'the-same-mail')
    await set('prod', 'MAIL', 'the-same-mail')
    await set('prod', 'URL', 'no-url-at-all')
    const checked = await slipway(['secrets', 'check', '--json'])
    expect(checked.exitCode).toBe(1)
    const { result } = JSON.parse(checked.stdout) as { result: { findings: { name: string }[]; identical: unknown[] } }
    expect(result.findings).toMatchObject([
      { environment: 'prod', name: 'URL', kind: 'unfit' },
      { environment: 'live', name: 'JWT_SECRET', kind: 'missing' },
    ])
    expect(result.identical).toEqual([{ name: 'JWT_SECRET', environments: ['staging', 'prod'], mend: 'generate' }])
    const compared = await slipway(['secrets', 'diff', 'staging', 'prod'])
    expect(compared.exitCode).toBe(1)
    expect(compared.stdout).toMatch(/JWT_SECRET +IDENTICAL/)
    expect(compared.stdout).toMatch(/URL +only in prod/)
    await slipway(['secrets', 'generate', 'prod', 'JWT_SECRET', '--replace'])
    await slipway(['secrets', 'remove', 'prod', 'URL'])
    await set('live', 'JWT_SECRET', 'cd'.repeat(32))
    const good = [await slipway(['secrets', 'check']), await slipway(['secrets', 'diff', 'staging', 'prod'])]
    expect(good.map(each => each.exitCode)).toEqual([0, 0])
    for (const { stdout, stderr } of [checked, compared, ...good])
      expect(stdout + stderr).not.toMatch(/abab|the-same-mail|no-url/)
  })

  test('recipients: who is added reads, who is removed reads nothing new and what must be rotated is listed', async () => {
    await set('prod', 'A', 'one')
    const bea = await newIdentity()
    const generated = await slipway(['secrets', 'recipients', 'add', 'prod', 'ci', '--kind', 'ci', '--generate'])
    expect(generated.stdout).toMatch(/^AGE-SECRET-KEY-1[0-9A-Z]{58}\n$/)
    await slipway(['secrets', 'recipients', 'add', 'prod', 'bea', await recipientOf(bea)])
    const asBea = { env: { SLIPWAY_AGE_KEY: bea } }
    expect(await slipway(['secrets', 'get', 'prod', 'A'], asBea)).toMatchObject({ exitCode: 0, stdout: 'one' })
    expect(
      await slipway(['secrets', 'get', 'prod', 'A'], { env: { SLIPWAY_AGE_KEY: generated.stdout } }),
    ).toMatchObject({ stdout: 'one' })
    for (const wrong of [
      ['x', bea],
      ['bea2', await recipientOf(bea)],
      ['ci', await recipientOf(await newIdentity())],
      ['z', 'age1qqqq'],
      ['--x', 'age1'],
      ['z'],
    ]) {
      const ran = await slipway(['secrets', 'recipients', 'add', 'prod', ...wrong])
      expect(ran.exitCode).toBe(2)
      expect(ran.stderr).not.toContain(bea)
    }
    expect((await slipway(['secrets', 'recipients', 'remove', 'prod', 'bea'])).stdout).toContain(
      'Git keeps for ever: A',
    )
    expect(await slipway(['secrets', 'get', 'prod', 'A'], asBea)).toMatchObject({ exitCode: 1, stdout: '' })
    expect((await slipway(['secrets', 'recipients', 'list', 'prod', '--json'])).stdout).not.toContain('bea')
  })

  test.each([[[]], [['--json']]])('a key that nobody takes makes no recipient %j', async more => {
    await set('prod', 'A', 'one')
    const before = await readFile(file('prod'), 'utf8')
    const closed = await slipway(['secrets', 'recipients', 'add', 'prod', 'ci', '--generate', ...more], { deaf: true })
    expect(closed.exitCode).toBe(1)
    expect(closed.stderr).toContain('The private key could not be written')
    expect(closed.stderr).not.toContain('AGE-SECRET-KEY')
    expect(await readFile(file('prod'), 'utf8')).toBe(before)
  })

  test('rotate changes the file; with code from Git it says what is left to do', async () => {
    await slipway(['secrets', 'generate', 'live'])
    const before = await get('live', 'JWT_SECRET')
    const rotated = await slipway(['secrets', 'rotate', 'live', 'JWT_SECRET'])
    expect(rotated).toMatchObject({ exitCode: 0 })
    expect(rotated.stdout).toContain('commit and push it, then: slipway deploy live')
    expect(await get('live', 'JWT_SECRET')).not.toBe(before)
    await set('live', 'DATABASE_URL', 'postgresql://shop:login-of-db@db/shop')
    await set('live', 'PW', 'login-of-db')
    for (const name of ['DATABASE_URL', 'PW']) {
      const refused = await slipway(['secrets', 'rotate', 'live', name, '--stdin'], { input: 'another' })
      expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
      expect(refused.stderr).toContain('is the login of the database, which can not be rotated like this')
      expect(refused.stderr).not.toContain('login-of-db')
    }
  })

  test.each([
    'postgresql+asyncpg://shop:login-of-db@db/shop',
    'jdbc:postgresql://db/shop?user=shop&password=login-of-db',
    'postgis://shop:login-of-db@db/shop',
    'postgres://shop:login-of-db@/shop?host=db',
    'amqp://shop:login-of-db@queue',
    'https://login-of-db@sentry.example/4',
  ])('rotate makes up nothing in the place of an address: %s', async address => {
    await set('live', 'ADDRESS', address)
    const before = await readFile(file('live'), 'utf8')
    const refused = await slipway(['secrets', 'rotate', 'live', 'ADDRESS'])
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toMatch(/next +[^]*slipway secrets rotate live ADDRESS --stdin/)
    expect(refused.stderr).not.toContain('login-of-db')
    expect(await readFile(file('live'), 'utf8')).toBe(before)
    const next = address.replace('login-of-db', 'login-of-today')
    expect(await slipway(['secrets', 'rotate', 'live', 'ADDRESS'], { input: `${next}\n` })).toMatchObject({
      exitCode: 0,
    })
    expect(await get('live', 'ADDRESS')).toBe(next)
  })

  test('rotate takes what is piped in, and takes a line break alone for a mistake', async () => {
    await set('live', 'STRIPE_KEY', 'of-yesterday')
    const rotate = ['secrets', 'rotate', 'live', 'STRIPE_KEY']
    expect(await slipway(rotate, { input: 'of-today\n' })).toMatchObject({ exitCode: 0 })
    expect(await get('live', 'STRIPE_KEY')).toBe('of-today')
    expect(await slipway(rotate, { input: '\n' })).toMatchObject({ exitCode: 2 })
    expect(await slipway([...rotate, '--stdin'])).toMatchObject({ exitCode: 2 })
    expect(await get('live', 'STRIPE_KEY')).toBe('of-today')
  })

  test('rotate gives the address of the database another login, in all secrets that have it', async () => {
    await writeFile(join(directory, 'compose.yaml'), 'services: { db: { image: postgres } }\n')
    await writeFile(join(directory, 'slipway.yaml'), 'app: shop\ndatabase: db\nenvironments: { prod: {} }\n')
    await set('prod', 'DATABASE_URL', 'postgresql://shop:login-of-db@db/shop?schema=public')
    await set('prod', 'DIRECT_URL', 'postgresql://shop:login-of-db@db/shop')
    await set('prod', 'db_password', 'login-of-db')
    const rotated = await slipway(['secrets', 'rotate', 'prod', 'DATABASE_URL', '--later', '--json'])
    expect(rotated).toMatchObject({ exitCode: 0 })
    const urls = [await get('prod', 'DATABASE_URL'), await get('prod', 'DIRECT_URL')].map(each => new URL(each ?? ''))
    const [{ username, password } = new URL('x:')] = urls
    expect(username).toMatch(/^shop_slipway_[0-9a-f]{8}$/)
    for (const url of urls) expect(url).toMatchObject({ username, password, host: 'db', pathname: '/shop' })
    expect(await get('prod', 'db_password')).toBe('login-of-db')
    expect(rotated.stdout + rotated.stderr).not.toContain(password)
    const piped = ['secrets', 'rotate', 'prod', 'DATABASE_URL', '--stdin', '--later']
    const same = await slipway(piped, { input: `postgres://${username}:other@db/shop` })
    expect(same).toMatchObject({ exitCode: 2 })
    expect(await slipway(piped, { input: 'postgres://shop_2:other@db/shop\n' })).toMatchObject({ exitCode: 0 })
    expect(await get('prod', 'DATABASE_URL')).toBe('postgres://shop_2:other@db/shop')
  })

  test('a key that others can read is refused, a tampered file is refused', async () => {
    await set('prod', 'A', 'one')
    const key = join(base, 'key.txt')
    await writeFile(key, identity, { mode: 0o644 })
    const open = await slipway(['secrets', 'get', 'prod', 'A'], {
      env: { SLIPWAY_AGE_KEY: '', SLIPWAY_AGE_KEY_FILE: key },
    })
    expect(open).toMatchObject({ exitCode: 1, stdout: '' })
    expect(open.stderr).toContain(`chmod 600 ${key}`)
    await writeFile(file('prod'), (await readFile(file('prod'), 'utf8')).replace('revision: 2', 'revision: 1'))
    for (const argv of [
      ['get', 'prod', 'A'],
      ['set', 'prod', 'B'],
      ['edit', 'prod'],
      ['list', 'prod'],
      ['rotate', 'prod', 'A'],
    ]) {
      const ran = await slipway(['secrets', ...argv], { input: 'x' })
      expect(ran.stderr).toContain('SECRETS_TAMPERED')
      expect(ran).toMatchObject({ exitCode: 1, stdout: '' })
    }
  })
})

/** At a terminal of its own; each line is typed when the text before it was shown. */
function atTerminal(
  argv: string[],
  typed: [seen: string, line: string][],
): Promise<{ exitCode: number | null; shown: string }> {
  const command = [process.execPath, join(dist, 'slipway.mjs'), ...argv].join(' ')
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: base, TERM: 'xterm', SLIPWAY_AGE_KEY: identity },
  })
  const left = [...typed]
  let shown = ''
  child.stdout.on('data', (more: Buffer) => {
    shown += more.toString()
    const [next] = left
    if (next === undefined || !shown.includes(next[0])) return
    left.shift()
    child.stdin.write(next[1])
  })
  return new Promise(resolve => child.on('close', exitCode => resolve({ exitCode, shown })))
}

test.runIf(process.getuid?.() === 0)(
  'whoever has no name on this machine has a key of their own all the same',
  async () => {
    const uid = 71_234
    const key = join(base, 'key.txt')
    await writeFile(key, `${identity}\n`, { mode: 0o600 })
    for (const path of [base, directory, join(base, 'memory'), key]) await chown(path, uid, uid)
    await chmod(dist, 0o755)
    const env = { SLIPWAY_AGE_KEY: '', SLIPWAY_AGE_KEY_FILE: key }
    const ran = await slipway(['secrets', 'set', 'prod', 'A'], { input: 'hunter2', env, uid })
    expect(ran.exitCode, ran.stderr).toBe(0)
    expect((await slipway(['secrets', 'get', 'prod', 'A'], { env, uid })).stdout).toBe('hunter2')
  },
)

describe.skipIf(spawnSync('script', ['--version']).status !== 0)('a person at a terminal', () => {
  test('types a value unseen, with corrections', async () => {
    const ran = await atTerminal(
      ['secrets', 'set', 'prod', 'A'],
      [
        ['not shown: ', 'wrong\u0015hunter2ключX\u007f\r'],
        ['Once more: ', 'hunter2ключ\u0004'],
      ],
    )
    expect(ran.exitCode).toBe(0)
    expect(ran.shown).not.toMatch(/wrong|hunter2|ключ/)
    expect(await get('prod', 'A')).toBe('hunter2ключ')
  })

  test('who slips or gives up changes nothing', async () => {
    const typed = (second: string) =>
      atTerminal(
        ['secrets', 'set', 'prod', 'A'],
        [
          ['not shown: ', 'hunter2\r'],
          ['Once more: ', second],
        ],
      )
    expect((await typed('hunter3\r')).exitCode).toBe(2)
    expect((await typed('\u0003')).exitCode).toBe(130)
    expect(await get('prod', 'A')).toBeUndefined()
  })

  test('who pastes several lines is told so: the first is not taken for all of it', async () => {
    const key = '-----BEGIN PRIVATE KEY-----\rMIGTAgEA\r-----END PRIVATE KEY-----\r'
    const ran = await atTerminal(['secrets', 'set', 'prod', 'A'], [['not shown: ', key]])
    expect(ran.exitCode).toBe(2)
    expect(stripVTControlCharacters(ran.shown).replaceAll(/\s+/g, ' ')).toContain('More than one line was pasted')
    expect(ran.shown).not.toMatch(/MIGT|PRIVATE KEY/)
    expect(await get('prod', 'A')).toBeUndefined()
  })

  test('is shown a secret only with --show', async () => {
    await set('prod', 'A', 'hunter2')
    const refused = await atTerminal(['secrets', 'get', 'prod', 'A'], [])
    expect([refused.exitCode, refused.shown.includes('hunter2')]).toEqual([2, false])
    expect((await atTerminal(['secrets', 'get', 'prod', 'A', '--show'], [])).shown).toBe('hunter2\r\n')
  })
})
