import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { base, editor, file, get, leftInMemory, onAFolderOfItsOwn, set, slipway } from './secrets-folder.ts'

onAFolderOfItsOwn()

describe('slipway secrets edit', () => {
  beforeEach(async () => {
    await set('prod', 'A', 'one')
    await set('prod', 'B', 'two')
  })

  test('takes what was changed, and leaves nothing behind', async () => {
    const env = await editor(
      `stat -c '%a %n' "$1" >> ${base}/seen; sed -i 's/^A: one/A: "three: $(id)"/; /^B:/d' "$1"; echo 'C: new' >> "$1"; cp "$1" "$1.swp"`,
    )
    expect(await slipway(['secrets', 'edit', 'prod'], { env })).toMatchObject({ exitCode: 0 })
    expect([await get('prod', 'A'), await get('prod', 'C')]).toEqual(['three: $(id)', 'new'])
    expect(await get('prod', 'B')).toBeUndefined()
    expect(await leftInMemory()).toEqual([])
    expect(await readFile(join(base, 'seen'), 'utf8')).toMatch(
      new RegExp(`^600 ${join(base, 'memory')}/slipway-secrets-`),
    )
  })

  test('without a change the file stays as it is, byte by byte', async () => {
    const before = await readFile(file('prod'), 'utf8')
    expect((await slipway(['secrets', 'edit', 'prod'], { env: await editor('true') })).stdout).toContain(
      'nothing was changed',
    )
    expect(await readFile(file('prod'), 'utf8')).toBe(before)
  })

  test('a slip brings the editor up again with what was typed; who does not mend it changes nothing', async () => {
    const env = await editor(
      `grep -c MISTAKE "$1" >> ${base}/seen; grep -q MISTAKE "$1" && sed -i 's/^D: \\[/D: mended/' "$1" || echo 'D: [' >> "$1"`,
    )
    expect(await slipway(['secrets', 'edit', 'prod'], { env })).toMatchObject({ exitCode: 0 })
    expect(await readFile(join(base, 'seen'), 'utf8')).toBe('0\n1\n')
    expect(await get('prod', 'D')).toBe('mended')
    const before = await readFile(file('prod'), 'utf8')
    const stubborn = await editor('grep -q "^E" "$1" || echo "E: [" >> "$1"')
    expect(await slipway(['secrets', 'edit', 'prod'], { env: stubborn })).toMatchObject({ exitCode: 1 })
    expect(await readFile(file('prod'), 'utf8')).toBe(before)
    expect(await leftInMemory()).toEqual([])
  })

  test.each([
    ['exits with an error', 'exit 3'],
    ['takes its file away', 'rm "$1"'],
    ['leaves a folder there', 'rm "$1"; mkdir "$1"'],
    ['fills the file with rubbish', 'head -c 100000 /dev/urandom > "$1"'],
  ])('an editor that %s changes nothing', async (_, script) => {
    const before = await readFile(file('prod'), 'utf8')
    const ran = await slipway(['secrets', 'edit', 'prod'], { env: await editor(script) })
    expect(ran.exitCode).not.toBe(0)
    expect(ran.exitCode).not.toBe(70)
    expect(ran.stderr).not.toMatch(/ {4}at /)
    expect(await readFile(file('prod'), 'utf8')).toBe(before)
    expect(await leftInMemory()).toEqual([])
  })

  test.each([
    ['nothing', ': > "$1"'],
    ['comments alone', `sed -i '/^[^#]/d' "$1"`],
    ['an empty group', 'echo "{}" > "$1"'],
  ])('a text of %s is given up, and removes nothing', async (_, script) => {
    const before = await readFile(file('prod'), 'utf8')
    const ran = await slipway(['secrets', 'edit', 'prod'], { env: await editor(script) })
    expect(ran).toMatchObject({ exitCode: 0 })
    expect(ran.stdout).toContain('nothing was changed')
    expect(await readFile(file('prod'), 'utf8')).toBe(before)
  })

  test('what is required and was taken out is told', async () => {
    await set('prod', 'JWT_SECRET', 'ab'.repeat(32))
    const ran = await slipway(['secrets', 'edit', 'prod'], {
      env: await editor(`sed -i '/^JWT_SECRET/d; /^A:/d' "$1"`),
    })
    expect(ran).toMatchObject({ exitCode: 0 })
    expect(ran.stdout).toContain('A (removed), JWT_SECRET (removed)')
    expect(ran.stderr).toContain('JWT_SECRET is declared as required: without it a deployment is refused')
    expect(ran.stderr).not.toContain('A is declared')
  })

  test('a folder in the place of the file, and a file in that of the folder, are mistakes with a name', async () => {
    await rm(file('prod'))
    await mkdir(file('prod'))
    const env = await editor('echo "A: one" >> "$1"')
    const inPlace = await slipway(['secrets', 'edit', 'prod'], { env })
    expect(inPlace).toMatchObject({ exitCode: 2, stdout: '' })
    expect(inPlace.stderr).toMatch(/secrets\/prod.yaml can not be read[\s\S]*there is a folder in its place/)
    await rm(dirname(file('prod')), { recursive: true })
    await writeFile(dirname(file('prod')), '')
    const noFolder = await slipway(['secrets', 'edit', 'prod'], { env })
    expect(noFolder).toMatchObject({ exitCode: 2, stdout: '' })
    expect(noFolder.stderr).toContain('there is a file in the place of its folder')
  })

  test.skipIf(process.getuid?.() === 0)('so are rights that are lacking', async () => {
    const env = await editor('echo "C: three" >> "$1"')
    await chmod(dirname(file('prod')), 0o500)
    expect(await slipway(['secrets', 'edit', 'prod'], { env })).toMatchObject({ exitCode: 2, stdout: '' })
    await chmod(dirname(file('prod')), 0o000)
    expect(await slipway(['secrets', 'edit', 'prod'], { env })).toMatchObject({ exitCode: 2, stdout: '' })
    await chmod(dirname(file('prod')), 0o700)
  })

  test('no editor, and words that a shell would run', async () => {
    for (const EDITOR of ['/none/such', `sh -c touch${' '}${base}/ran;`, `true; touch ${base}/ran #`]) {
      expect((await slipway(['secrets', 'edit', 'prod'], { env: { EDITOR } })).exitCode).not.toBe(70)
    }
    expect(await readdir(base)).not.toContain('ran')
    expect(await leftInMemory()).toEqual([])
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s while the editor is open leaves no clear text',
    async signal => {
      const ready = join(base, 'ready')
      const env = await editor(`touch ${ready}; exec sleep 2`)
      const ran = await slipway(['secrets', 'edit', 'prod'], { env, kill: [ready, signal] })
      expect(ran.exitCode).toBe(130)
      expect(await leftInMemory()).toEqual([])
    },
  )

  test('after SIGKILL the next edit takes the clear text away', async () => {
    const ready = join(base, 'ready')
    const env = await editor(`touch ${ready}; exec sleep 2`)
    await slipway(['secrets', 'edit', 'prod'], { env, kill: [ready, 'SIGKILL'] })
    expect(await leftInMemory()).toHaveLength(1)
    await slipway(['secrets', 'edit', 'prod'], { env: await editor('true') })
    expect(await leftInMemory()).toEqual([])
  })
})
