import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { readIfPresent, readLargeFile } from '../support/files.ts'

export type DumpFormat = 'plain' | 'custom'

/** What pg_dump made, told from its first bytes; undefined: this is no dump. */
export async function dumpFormat(file: string): Promise<DumpFormat | undefined> {
  const start = await readPart(file, 0, 64 * 1024)
  if (start.subarray(0, 5).toString('latin1') === 'PGDMP') return 'custom'
  return /^-- PostgreSQL database dump\s*$/m.test(start.toString('latin1')) ? 'plain' : undefined
}

/** Whether a plain dump ends as pg_dump ends one. Newer ones take back a `\restrict` after it. */
export async function hasTrailer(file: string): Promise<boolean> {
  const { size } = await stat(file)
  const end = (await readPart(file, Math.max(0, size - 4096), 4096)).toString('latin1')
  return /^--\n(?:\s*\\unrestrict \S+)?\s*$/.test(end.split('\n-- PostgreSQL database dump complete\n').at(-1) ?? '')
}

export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of readLargeFile(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** The digest noted next to a dump, in the format of `sha256sum`. */
export async function notedSha256(file: string): Promise<string | undefined> {
  const line = (await readIfPresent(`${file}.sha256`))?.split('\n')[0] ?? ''
  return /^([0-9a-f]{64}) [ *](.*)$/.exec(line)?.[1]
}

export function sha256Line(sha256: string, file: string): string {
  return `${sha256}  ${basename(file)}\n`
}

/** How many tables a plain dump makes, by the heading that pg_dump puts before each. */
export async function tablesInPlainDump(dump: Readable): Promise<number> {
  let count = 0
  let previous = ''
  let inData = false
  for await (const line of createInterface({ input: dump.setEncoding('latin1'), crlfDelay: Infinity })) {
    if (inData) inData = line !== '\\.'
    else if (/^COPY .* FROM stdin;$/.test(line)) inData = true
    else if (previous === '--' && tableHeading.test(line)) count++
    previous = line
  }
  return count
}

const tableHeading = /^-- Name: .*; Type: TABLE; Schema: .*; Owner: /

async function readPart(file: string, position: number, length: number): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
