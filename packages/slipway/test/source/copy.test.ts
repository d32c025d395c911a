import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { copyInto } from '../../src/source/copy.ts'

const isRoot = process.getuid?.() === 0
let lab: string
let from: string
let to: string
beforeEach(async () => {
  lab = await mkdtemp(join(tmpdir(), 'slipway-copy-'))
  from = join(lab, 'from')
  to = join(lab, 'release', 'mounted', 'conf')
  await mkdir(from)
})
afterEach(() => rm(lab, { recursive: true, force: true }))

const copy = (source = from, target = to) => copyInto([{ from: source, to: target, fallback: join(lab, 'fallback') }])

describe('a copy', () => {
  test('has the contents, modes and links of its source', async () => {
    await mkdir(join(from, 'v1'), { mode: 0o750 })
    await writeFile(join(from, 'v1', 'run.sh'), 'run', { mode: 0o755 })
    await writeFile(join(from, 'v1', 'key'), 'secret', { mode: 0o600 })
    await symlink('v1', join(from, 'current'))
    await symlink('../../etc/passwd', join(from, 'out'))
    await symlink('nowhere', join(from, 'dangling'))
    await chmod(from, 0o711)
    await copy()
    expect(await readFile(join(to, 'v1', 'key'), 'utf8')).toBe('secret')
    expect((await stat(join(to, 'v1', 'run.sh'))).mode & 0o777).toBe(0o755)
    expect((await stat(join(to, 'v1', 'key'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(to, 'v1'))).mode & 0o777).toBe(0o750)
    expect((await stat(to)).mode & 0o777).toBe(0o711)
    expect(await readlink(join(to, 'current'))).toBe('v1')
    expect(await readlink(join(to, 'out'))).toBe('../../etc/passwd')
    expect(await readlink(join(to, 'dangling'))).toBe('nowhere')
  })

  test.skipIf(!isRoot)('belongs to the same users, down to the last file', async () => {
    await mkdir(join(from, 'deep'))
    await writeFile(join(from, 'deep', 'key'), 'x', { mode: 0o600 })
    await symlink('deep/key', join(from, 'link'))
    await chown(join(from, 'deep', 'key'), 1000, 1001)
    await chown(from, 999, 999)
    await copy()
    expect(await stat(join(to, 'deep', 'key'))).toMatchObject({ uid: 1000, gid: 1001 })
    expect(await stat(to)).toMatchObject({ uid: 999, gid: 999 })
    expect(await lstat(join(to, 'link'))).toMatchObject({ uid: 0 })
    expect(await stat(join(from, 'deep', 'key'))).toMatchObject({ uid: 1000 })
  })

  test('of a link is a copy of what it leads to, as Docker mounts it', async () => {
    await writeFile(join(lab, 'secret-v2'), 'two', { mode: 0o600 })
    await symlink(join(lab, 'secret-v2'), join(lab, 'secret'))
    await copy(join(lab, 'secret'))
    expect((await lstat(to)).isFile()).toBe(true)
    await writeFile(join(lab, 'secret-v2'), 'three')
    expect(await readFile(to, 'utf8')).toBe('two')
  })

  test('comes from the fallback when the first place has none', async () => {
    await writeFile(join(lab, 'fallback'), 'from the folder a person works in')
    await copy(join(lab, 'missing'))
    expect(await readFile(to, 'utf8')).toContain('person')
    await copy(join(lab, 'fallback', 'below-a-file'))
  })

  test('can be made again over itself', async () => {
    await writeFile(join(from, 'a'), '1')
    await copy()
    await writeFile(join(from, 'a'), '2')
    await copy()
    expect(await readFile(join(to, 'a'), 'utf8')).toBe('2')
  })

  test.each(['$(touch pwned)', '--flag', ';', 'ü ñ', 'a\nb', '..x'])('of a file called %j', async name => {
    await writeFile(join(from, name), 'x')
    await copyInto([{ from: join(from, name), to: join(lab, 'release', name), fallback: '' }])
    expect(await readdir(join(lab, 'release'))).toEqual([name])
  })
})

describe('what is missing or can not be read', () => {
  test('is named', async () => {
    await expect(copy(join(lab, 'gone'))).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining(join(lab, 'fallback')) as unknown,
    })
    await symlink('nowhere', join(lab, 'dangling'))
    await expect(copy(join(lab, 'dangling'))).rejects.toMatchObject({ code: 'SECRET_MISSING' })
  })

  test('is an error with a code, not a crash', async () => {
    await writeFile(join(lab, 'release'), 'in the way')
    await expect(copy()).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    await expect(copyInto([{ from: lab, to: join(lab, 'inside', 'itself'), fallback: '' }])).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
    })
  })
})

describe('a lasting copy', () => {
  test('is made once, as a whole, and then left alone', async () => {
    await writeFile(join(from, 'a'), '1')
    const lasting = [{ from, to, fallback: '', lasting: true as const }]
    await copyInto(lasting)
    const { ino } = await stat(join(to, 'a'))
    await copyInto(lasting)
    expect((await stat(join(to, 'a'))).ino).toBe(ino)
    expect(await readdir(join(to, '..'))).toEqual(['conf'])
  })

  test('that was cut off is made again', async () => {
    await writeFile(join(from, 'a'), '1')
    await mkdir(`${to}.abc.partial`, { recursive: true })
    await copyInto([{ from, to, fallback: '', lasting: true }])
    expect(await readFile(join(to, 'a'), 'utf8')).toBe('1')
  })
})
