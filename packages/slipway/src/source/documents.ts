import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { broughtIn } from '../config/brought-in.ts'
import { field, values } from '../config/written.ts'
import { fingerprintFiles } from './fingerprint.ts'

/**
 * Fingerprints of Compose files as written, before any variable is filled in, with the files that they mount read-only
 * or take as configs, and those that they bring in, by their paths in the project. Comments and the order of keys make no difference. Secrets are not
 * in it, nor is what containers write to.
 */
export async function documentFingerprints(
  composeFiles: readonly string[],
  directory: string,
): Promise<Record<string, string>> {
  // Compose starts at the folder of the first file.
  const start = dirname(composeFiles[0] ?? directory)
  const entries = composeFiles.map(async file => {
    const text = JSON.stringify(await contentOf(file, { directory, start, above: [] }), sorted)
    return [relative(directory, file), createHash('sha256').update(text).digest('hex').slice(0, 32)] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

interface Whereabouts {
  directory: string
  /** Where the paths in it start. */
  start: string
  /** The files that brought it in. */
  above: readonly string[]
}

/** What is in a Compose file, in what it mounts, and in what it brings in by `include` and `extends`. */
async function contentOf(file: string, { directory, start, above }: Whereabouts): Promise<unknown[]> {
  const values = parseAllDocuments(await readFile(file, 'utf8'), { uniqueKeys: false, logLevel: 'silent' }).map(
    (each): unknown => each.toJS({ maxAliasCount: 10_000 }),
  )
  const mounted = values.flatMap(mountedFiles).map(path => resolve(start, path))
  const contents = await Promise.all(
    mounted.map(async path => [relative(directory, path), (await fingerprintFiles(dirname(path), [path])) ?? null]),
  )
  const others = values
    .flatMap(each => broughtIn(each).filter(isWrittenPath).sort())
    .map(path => resolve(dirname(file), path))
  if (others.length === 0) return [values, contents]
  const brought = await Promise.all(
    others.map(async path => {
      const isKnown = path === file || above.includes(path) || above.length >= deepest
      const next = { directory, start: dirname(path), above: [...above, file] }
      // What can not be read fails when Compose is asked for it.
      return [relative(directory, path), isKnown ? null : await contentOf(path, next).catch(() => null)]
    }),
  )
  return [values, contents, brought]
}

const deepest = 20

/** What is the same however a map is ordered. */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** Relative paths, as written. With a variable in it a path is the environment's own. */
export function mountedFiles(document: unknown): string[] {
  const mounts = values(field(document, 'services')).flatMap(service => listOf(field(service, 'volumes')))
  const configs = values(field(document, 'configs')).map(config => field(config, 'file'))
  return [...new Set([...mounts.map(readOnlySource), ...configs])].filter(isWrittenPath).sort()
}

function isWrittenPath(path: unknown): path is string {
  return typeof path === 'string' && !path.includes('$') && !/^[/~]/.test(path)
}

function readOnlySource(mount: unknown): unknown {
  if (typeof mount !== 'string') {
    return field(mount, 'type') === 'bind' && field(mount, 'read_only') === true ? field(mount, 'source') : undefined
  }
  const [source = '', , options = ''] = mount.split(':')
  return source.startsWith('.') && options.split(',').includes('ro') ? source : undefined
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
