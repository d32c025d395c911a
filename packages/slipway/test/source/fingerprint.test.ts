import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fingerprintFiles, fingerprintWithOwner } from '../../src/source/fingerprint.ts'

let lab: string
beforeEach(async () => {
  lab = await mkdtemp(join(tmpdir(), 'slipway-fingerprint-'))
})
afterEach(() => rm(lab, { recursive: true, force: true }))

async function folder(name: string, files: Record<string, string>): Promise<string> {
  const root = join(lab, name)
  for (const [file, content] of Object.entries(files)) {
    await mkdir(join(root, file, '..'), { recursive: true })
    await writeFile(join(root, file), content)
  }
  return root
}

const files = { 'm/1/up.sql': 'create', 'm/2/up.sql': 'alter', 'm/lock': '' }

test('is the same wherever and whenever the files were written, in whatever order they are named', async () => {
  const [a, b] = [await folder('a', files), await folder('elsewhere/b', files)]
  await utimes(join(b, 'm/1/up.sql'), 1, 1)
  const first = await fingerprintFiles(a, [join(a, 'm')])
  expect(first).toMatch(/^[0-9a-f]{32}$/)
  expect(await fingerprintFiles(b, [join(b, 'm')])).toBe(first)
  const both = [join(a, 'm/1'), join(a, 'm/2')]
  expect(await fingerprintFiles(a, both.toReversed())).toBe(await fingerprintFiles(a, both))
})

test.each<[string, Record<string, string>]>([
  ['content', { ...files, 'm/2/up.sql': 'alter more' }],
  ['a name', { 'm/1/up.sql': 'create', 'm/3/up.sql': 'alter', 'm/lock': '' }],
  ['one more file', { ...files, 'm/3/up.sql': '' }],
  ['one file less', { 'm/1/up.sql': 'create', 'm/2/up.sql': 'alter' }],
  ['contents that change places', { ...files, 'm/1/up.sql': 'alter', 'm/2/up.sql': 'create' }],
  ['a cut at another place', { ...files, 'm/1/up.sql': 'creat', 'm/2/up.sql': 'ealter' }],
])('is another after a change of %s', async (_what, changed) => {
  const [a, b] = [await folder('a', files), await folder('b', changed)]
  expect(await fingerprintFiles(b, [join(b, 'm')])).not.toBe(await fingerprintFiles(a, [join(a, 'm')]))
})

test('a link counts as what it says, also one that leads nowhere', async () => {
  const [a, b] = [await folder('a', { 'm/x': '1' }), await folder('b', { 'm/x': '1' })]
  await symlink('/nowhere', join(a, 'm/link'))
  await symlink('/elsewhere', join(b, 'm/link'))
  expect(await fingerprintFiles(a, [join(a, 'm')])).not.toBe(await fingerprintFiles(b, [join(b, 'm')]))
  await writeFile(join(await folder('c', { 'm/x': '1' }), 'm/link'), '/nowhere')
  expect(await fingerprintFiles(join(lab, 'c'), [join(lab, 'c/m')])).not.toBe(await fingerprintFiles(a, [join(a, 'm')]))
})

test('is unknown when a path is missing or none is given', async () => {
  const a = await folder('a', files)
  expect(await fingerprintFiles(a, [])).toBeUndefined()
  expect(await fingerprintFiles(a, [join(a, 'm'), join(a, 'gone')])).toBeUndefined()
  expect(await fingerprintFiles(a, [join(a, 'm/lock/below-a-file')])).toBeUndefined()
  await mkdir(join(a, 'empty'))
  expect(await fingerprintFiles(a, [join(a, 'empty')])).toBeDefined()
})

test('reads a file piece by piece', async () => {
  const a = await folder('a', { large: 'x'.repeat(5_000_000) })
  const b = await folder('b', { large: `${'x'.repeat(4_999_999)}y` })
  expect(await fingerprintFiles(a, [join(a, 'large')])).not.toBe(await fingerprintFiles(b, [join(b, 'large')]))
})

test('with owner: also who may read it', async () => {
  const a = await folder('a', { key: 'x' })
  await chmod(join(a, 'key'), 0o600)
  const closed = await fingerprintWithOwner(join(a, 'key'))
  await chmod(join(a, 'key'), 0o644)
  expect(await fingerprintWithOwner(join(a, 'key'))).not.toBe(closed)
  await chmod(join(a, 'key'), 0o600)
  expect(await fingerprintWithOwner(join(a, 'key'))).toBe(closed)
})
