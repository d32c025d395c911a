import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
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
    ['fills the file with rubbish', 'head -c 100000 /dev/urandom > "$1"'],
  ])('an editor that %s changes nothing', async (_, script) => {
    const before = await readFile(file('prod'), 'utf8')
    const ran = await slipway(['secrets', 'edit', 'prod'], { env: await editor(script) })
    expect(ran.exitCode).not.toBe(0)
    expect(ran.stderr).not.toMatch(/ {4}at /)
    expect(await readFile(file('prod'), 'utf8')).toBe(before)
    expect(await leftInMemory()).toEqual([])
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
