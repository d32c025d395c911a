import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withValues } from '../../src/secrets/change.ts'
import { printSealedFile, parseSealedFile } from '../../src/secrets/sealed-yaml.ts'
import { openSealedFile } from '../../src/secrets/open.ts'
import { run } from '../../src/support/run.ts'
import { bytesOf, holder, identities, owner, secretsOf } from './keys.ts'

/** Without Slipway a person must still get at the values: with the age tool alone, as distributions have it. */
const installed = (await run('age', ['--version'])).exitCode === 0

describe.skipIf(!installed)('the age tool', () => {
  let folder = ''
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'slipway-age-'))))
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('reads every value that was cut out of the file, for each of the recipients', async () => {
    const holders = [await holder('ada'), await holder('ci', 'ci'), await holder('safe', 'recovery')]
    const values = {
      PLAIN: 'one',
      PLAIN_2: 'two',
      'with.dot': 'three',
      LINES: 'a\nb\n\n',
      UNICODE: 'ключ 🔑',
      LARGE: 'x'.repeat(200_000),
    }
    const text = printSealedFile((await secretsOf(holders, values)).sealed)
    for (const [index, each] of holders.entries()) {
      const key = join(folder, `key-${index}`)
      await writeFile(key, each.identity, { mode: 0o600 })
      for (const [name, value] of Object.entries(values)) {
        const result = await run('age', ['--decrypt', '-i', key], { input: cutOut(text, name) })
        expect(result).toMatchObject({ exitCode: 0, stdout: value })
      }
    }
  })

  test('makes keys that Slipway takes, and Slipway’s keys are its own', async () => {
    const made = (await run('age-keygen', [])).stdout
    const identity = /^AGE-SECRET-KEY-1.*$/m.exec(made)?.[0] ?? ''
    const key = /public key: (age1\S+)/.exec(made)?.[1] ?? ''
    const ada = { ...(await holder('ada')), identity, key }
    const secrets = await withValues(await secretsOf([ada], {}), bytesOf({ A: 'value' }))
    const opened = await openSealedFile(
      parseSealedFile(printSealedFile(secrets.sealed), 'x'),
      'x',
      owner,
      identities(ada),
    )
    expect(Buffer.from(opened.values.get('A') ?? []).toString()).toBe('value')
    const other = await holder('bea')
    expect((await run('age-keygen', ['-y'], { input: other.identity })).stdout.trim()).toBe(other.key)
  })
})

/** As a person does it who has nothing but the file: by the line that stands at its top. */
function cutOut(text: string, name: string): string {
  const [, script = ''] = /^#   sed -n '([^']+)' \S+ \| age --decrypt -i KEY$/m.exec(text) ?? []
  const { stdout } = spawnSync('sed', ['-n', script.replace('NAME', name)], { input: text, encoding: 'utf8' })
  return stdout
}
