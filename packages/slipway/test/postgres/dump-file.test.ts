import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dumpFormat, hasTrailer, notedSha256, sha256Line, tablesInPlainDump } from '../../src/postgres/dump-file.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-dump-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function given(content: string): Promise<string> {
  const file = join(folder, 'dump')
  await writeFile(file, content)
  return file
}

const end = '--\n-- PostgreSQL database dump complete\n--\n\n'

test.each([
  ['PGDMP\u0001', 'custom'],
  ['--\n-- PostgreSQL database dump\n--\n', 'plain'],
  ['\\restrict abc\n--\n-- PostgreSQL database dump\n--\n', 'plain'],
  ['', undefined],
  ['-- PostgreSQL database cluster dump\n', undefined],
  ['<html>', undefined],
])('%j is %s', async (content, format) => expect(await dumpFormat(await given(content))).toBe(format))

test.each([
  [`x\n${end}`, true],
  [`x\n${end}\\unrestrict abc\n\n`, true],
  [`x\n${end.slice(0, -4)}`, false],
  [`x\n${end}select 1;\n`, false],
  ['', false],
  ['x\n', false],
])('the end %j', async (content, complete) => expect(await hasTrailer(await given(content))).toBe(complete))

test('tables are counted by their headings, not by what rows and bodies say', async () => {
  const heading = '--\n-- Name: a; Type: TABLE; Schema: public; Owner: app\n--\n'
  const data = `COPY public.a (x) FROM stdin;\n${heading}\\.\n`
  const other =
    '--\n-- Name: v; Type: VIEW; Schema: public; Owner: app\n--\n-- Name: a; Type: TABLE; Schema: -; Owner: app\n'.replace(
      '--\n-- Name: a',
      'x\n-- Name: a',
    )
  expect(await tablesInPlainDump(Readable.from([`${heading}${data}${other}${heading}`]))).toBe(2)
})

test('a digest is read as sha256sum writes it', async () => {
  const file = await given('x')
  expect(await notedSha256(file)).toBeUndefined()
  await writeFile(`${file}.sha256`, sha256Line('a'.repeat(64), file))
  expect(await notedSha256(file)).toBe('a'.repeat(64))
  await writeFile(`${file}.sha256`, 'rubbish')
  expect(await notedSha256(file)).toBeUndefined()
})
