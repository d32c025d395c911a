import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeRun, writeOrder } from '../../src/runner/runs.ts'
import { manifestOf, pieces } from '../../src/runner/read-folder.ts'
import { filesOf, type Manifest } from '../../src/runner/manifest.ts'
import { openUpload, uploadNote } from '../../src/runner/uploads.ts'

let base: string
let uploads: string

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-uploads-'))
  uploads = join(base, 'uploads')
})
afterEach(() => rm(base, { recursive: true, force: true }))

const sha = (text: string) => createHash('sha256').update(text).digest('hex')
const file = (path: string, text: string, mode = 0o644) => ({
  kind: 'file' as const,
  path,
  mode,
  bytes: Buffer.byteLength(text),
  sha256: sha(text),
})

/** Sends what is asked for; returns how much that was. */
async function send(manifest: Manifest, texts: Record<string, string>) {
  const upload = await openUpload(uploads, manifest)
  for (const each of upload.needed) {
    const path = filesOf(manifest).find(entry => entry.sha256 === each)?.path ?? ''
    await upload.piece(each, Buffer.from(texts[path] ?? ''), true)
  }
  return { folder: await upload.finish(undefined), needed: upload.needed.length }
}

test('only what changed travels, and what was there before stays as it was', async () => {
  const first = { a: 'one', 'deep/b': 'two', empty: '' }
  const one = await send(
    {
      entries: [
        file('a', 'one'),
        file('deep/b', 'two', 0o755),
        file('empty', ''),
        { kind: 'link', path: 'l', target: 'a' },
      ],
    },
    first,
  )
  expect(one.needed).toBe(2)
  const other = await send({ entries: [file('a', 'changed'), file('moved/b', 'two', 0o600)] }, { a: 'changed' })
  expect(other.needed).toBe(1)
  expect(await readFile(join(other.folder, 'moved/b'), 'utf8')).toBe('two')
  expect((await stat(join(other.folder, 'moved/b'))).mode & 0o777).toBe(0o600)
  expect(await readFile(join(one.folder, 'a'), 'utf8')).toBe('one')
  expect((await stat(join(one.folder, 'deep/b'))).mode & 0o777).toBe(0o755)
  expect(await readlink(join(one.folder, 'l'))).toBe('a')
  expect(await readFile(join(one.folder, 'empty'), 'utf8')).toBe('')
})

test('the same again: nothing travels, the same folder', async () => {
  const manifest = { entries: [file('a', 'one')] }
  const one = await send(manifest, { a: 'one' })
  const again = await send(manifest, {})
  expect(again).toEqual({ folder: one.folder, needed: 0 })
})

test('a folder that somebody changed on the server is not taken for what it was', async () => {
  const manifest = { entries: [file('a', 'one'), file('b', 'two')] }
  const { folder } = await send(manifest, { a: 'one', b: 'two' })
  await writeFile(join(folder, 'a'), 'evil')
  const again = await send(manifest, { a: 'one' })
  expect(again).toEqual({ folder, needed: 1 })
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('one')
  await writeFile(join(folder, 'beside'), 'a build left this')
  await send(manifest, {})
  expect(await readdir(folder)).toEqual(['a', 'b'])
})

test.each<[string, (upload: Awaited<ReturnType<typeof openUpload>>) => Promise<unknown>]>([
  ['another content than offered', upload => upload.piece(sha('one'), Buffer.from('eno'), true)],
  ['more than offered', upload => upload.piece(sha('one'), Buffer.from('one and more'), false)],
  ['less than offered', upload => upload.piece(sha('one'), Buffer.from('on'), true)],
  ['what nobody asked for', upload => upload.piece(sha('other'), Buffer.from('other'), true)],
  ['nothing', upload => upload.finish(undefined)],
])('%s: no upload', async (_what, act) => {
  const upload = await openUpload(uploads, { entries: [file('a', 'one')] })
  await expect(act(upload)).rejects.toMatchObject({ code: 'UPLOAD_FAILED' })
  await expect(upload.finish(undefined)).rejects.toMatchObject({ code: 'UPLOAD_FAILED' })
  await upload.abandon()
  expect(await readdir(uploads)).toEqual([])
})

test('two at the same time bring the same folder', async () => {
  const manifest = { entries: [file('a', 'one')] }
  const [one, other] = [await openUpload(uploads, manifest), await openUpload(uploads, manifest)]
  for (const upload of [one, other]) await upload.piece(sha('one'), Buffer.from('one'), true)
  const folders = [await one.finish(undefined), await other.finish(undefined)]
  expect(folders[0]).toBe(folders[1])
  expect(await readFile(join(folders[0] ?? '', 'a'), 'utf8')).toBe('one')
})

test('old uploads and what was cut off go, the newest stay', async () => {
  const folders: string[] = []
  for (let version = 0; version < 8; version++) {
    folders.push((await send({ entries: [file('a', `${version}`)] }, { a: `${version}` })).folder)
  }
  await openUpload(uploads, { entries: [file('a', 'never sent')] })
  for (const [age, name] of (await readdir(uploads)).entries()) {
    const at = new Date(Date.now() - 7_200_000 - age)
    await utimes(join(uploads, name), at, at)
  }
  const { folder } = await send({ entries: [file('a', 'new')] }, { a: 'new' })
  const left = await readdir(uploads)
  expect(left.filter(name => !name.endsWith('.json'))).toHaveLength(6)
  expect(left.filter(name => name.startsWith('.incoming'))).toEqual([])
  expect(left.filter(name => name.endsWith('.json'))).toHaveLength(6)
  expect(await uploadNote(folder)).toMatchObject({ manifest: { entries: [{ path: 'a' }] } })
})

test('the one that was deployed stays, however many came after it: looking goes by its configuration', async () => {
  const { folder } = await send({ entries: [file('a', 'deployed')] }, { a: 'deployed' })
  await writeFile(join(base, 'deployed.json'), JSON.stringify({ configFile: join(folder, 'a'), variables: {} }))
  for (let version = 0; version < 8; version++) {
    await send({ entries: [file('a', `${version}`)] }, { a: `${version}` })
  }
  for (const name of await readdir(uploads)) {
    const at = new Date(Date.now() - (name === folder.split('/').at(-1) ? 9_200_000 : 7_200_000))
    await utimes(join(uploads, name), at, at)
  }
  await send({ entries: [file('a', 'new')] }, { a: 'new' })
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('deployed')
  expect(await uploadNote(folder)).toBeDefined()
})

test('the one that a run goes by stays until that run has ended, although nothing names it as deployed yet', async () => {
  const { folder } = await send({ entries: [file('a', 'ordered')] }, { a: 'ordered' })
  const [runs, run] = [join(base, 'runs'), '20261121T173205-4f2a9c']
  const asked = { act: 'deploy' as const, environment: 'prod', by: 'ada@laptop', at: '', variables: {} }
  await makeRun(runs, run)
  await writeOrder(runs, run, { ...asked, configFile: join(folder, 'a') })
  for (let version = 0; version < 8; version++) {
    await send({ entries: [file('a', `${version}`)] }, { a: `${version}` })
  }
  async function comeLater(text: string): Promise<void> {
    for (const name of await readdir(uploads)) {
      const at = new Date(Date.now() - (join(uploads, name) === folder ? 9_200_000 : 7_200_000))
      await utimes(join(uploads, name), at, at)
    }
    await send({ entries: [file('a', text)] }, { a: text })
  }
  await comeLater('new')
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('ordered')
  await writeFile(join(runs, run, 'lines.jsonl'), `${JSON.stringify({ ended: { error: { code: 'LOCKED' } } })}\n`)
  await comeLater('newer')
  expect(await readdir(uploads)).not.toContain(folder.split('/').at(-1))
})

test('a folder here becomes the same folder there, large files and all', async () => {
  const here = join(base, 'here')
  const large = 'x'.repeat(700_000)
  const { mkdir } = await import('node:fs/promises')
  await mkdir(join(here, 'deep'), { recursive: true })
  await writeFile(join(here, 'deep/large'), large)
  await writeFile(join(here, '--flag; $(touch x)'), 'odd name')
  const manifest = await manifestOf(here, ['deep/large', '--flag; $(touch x)', 'gone'])
  const upload = await openUpload(uploads, manifest)
  for (const entry of filesOf(manifest)) {
    for await (const piece of pieces(join(here, entry.path)))
      await upload.piece(entry.sha256, piece.bytes, piece.isLast)
  }
  const folder = await upload.finish({ sha: 'f'.repeat(40), branch: 'main', subject: 'It' })
  expect(await readFile(join(folder, 'deep/large'), 'utf8')).toBe(large)
  expect(await readFile(join(folder, '--flag; $(touch x)'), 'utf8')).toBe('odd name')
  expect((await uploadNote(folder))?.commit?.branch).toBe('main')
})
