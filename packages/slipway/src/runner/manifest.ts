import { createHash } from 'node:crypto'
import { SlipwayError } from '../support/errors.ts'

/** What a folder of code holds, by content: exchanged before any of it travels. Pure. */
export interface Manifest {
  entries: Entry[]
}

export type Entry = FileEntry | { kind: 'link'; path: string; target: string }

export interface FileEntry {
  kind: 'file'
  /** Relative, with slashes. */
  path: string
  /** Permission bits. */
  mode: number
  bytes: number
  sha256: string
}

/** The name that a folder of this content has on a server, wherever it came from and in whatever order it was read. */
export function contentName(manifest: Manifest): string {
  const lines = manifest.entries.map(entry =>
    JSON.stringify(
      entry.kind === 'link'
        ? ['link', entry.path, entry.target]
        : ['file', entry.path, entry.mode, entry.bytes, entry.sha256],
    ),
  )
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 40)
}

export function filesOf(manifest: Manifest): FileEntry[] {
  return manifest.entries.filter(entry => entry.kind === 'file')
}

/**
 * What came over the wire as a manifest, or UPLOAD_REFUSED. Nothing in it leads out of the folder it is written to: no
 * path goes up, and none goes through what another entry makes a file or a link.
 */
export function readManifest(value: unknown): Manifest {
  const entries = isRecord(value) && Array.isArray(value['entries']) ? value['entries'] : undefined
  if (entries === undefined) throw refused('it is not a list of files')
  if (entries.length > mostEntries) throw refused(`it names more than ${mostEntries} files`)
  const read = entries.map(readEntry)
  const taken = new Set<string>()
  for (const { path } of read) {
    if (taken.has(path)) throw refused(`${shown(path)} is named twice`)
    taken.add(path)
  }
  for (const { path } of read) {
    const through = foldersAbove(path).find(folder => taken.has(folder))
    if (through !== undefined) throw refused(`${shown(path)} lies below ${shown(through)}, which is no folder`)
  }
  return { entries: read }
}

function readEntry(value: unknown): Entry {
  if (!isRecord(value)) throw refused('one of its files is described by something else')
  const { kind, path, mode, bytes, sha256, target } = value
  if (typeof path !== 'string' || !staysInside(path)) throw refused(`${shown(path)} is not a path inside the folder`)
  if (kind === 'link' && typeof target === 'string' && target !== '' && !target.includes('\0')) {
    return { kind, path, target }
  }
  if (kind !== 'file' || !isCount(mode, 0o777) || !isCount(bytes, Number.MAX_SAFE_INTEGER) || !isHash(sha256)) {
    throw refused(`${shown(path)} is not described as a file`)
  }
  return { kind, path, mode, bytes, sha256 }
}

export function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}

function staysInside(path: string): boolean {
  if (path === '' || path.length > 4096 || path.includes('\0')) return false
  return path.split('/').every(part => part !== '' && part !== '.' && part !== '..')
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 80))
}

function refused(why: string): SlipwayError {
  return new SlipwayError('UPLOAD_FAILED', 'The list of files to send is refused', {
    why,
    state: 'nothing that runs was touched',
  })
}

const mostEntries = 500_000
