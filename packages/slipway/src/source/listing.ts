import { lstat, readdir } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { ComposeDocument } from '../config/document.ts'
import { unescaped } from '../config/dollars.ts'
import type { EnvironmentConfig } from '../config/model.ts'
import { field, values } from '../config/written.ts'
import { runGit } from '../support/git.ts'

/**
 * The files of a project that a deployment elsewhere needs: what Git knows or would know, and what slipway.yaml and the
 * Compose files name although Git ignores it. Without Git, everything but what programs fetch again. Relative paths.
 */
export async function listProject(
  config: EnvironmentConfig,
  document: ComposeDocument,
  composeSources: readonly unknown[],
): Promise<string[]> {
  const { directory } = config
  const named = namedFiles(config, document, composeSources)
  const ofGit = await knownToGit(directory)
  const found = new Set<string>()
  for (const path of ofGit ?? (await below(directory, '', skippedFolders))) found.add(path)
  for (const path of named.needed) for (const each of await expanded(directory, path)) found.add(each)
  const kept = [...found].filter(path => !named.staying.some(folder => isBelow(folder, path)))
  return kept.sort()
}

/** What the configuration says of single files and folders, relative to the project. Pure. */
export function namedFiles(
  config: EnvironmentConfig,
  document: ComposeDocument,
  composeSources: readonly unknown[],
): { needed: string[]; staying: string[] } {
  const { directory } = config
  const ofCompose = dirname(config.composeFiles[0] ?? config.file)
  const mounts = Object.values(document.services).flatMap(service =>
    (service.volumes ?? []).filter(volume => volume.type === 'bind'),
  )
  const files = [...Object.values(document.secrets ?? {}), ...Object.values(document.configs ?? {})]
  const needed = [
    config.file,
    ...config.composeFiles,
    ...(config.envFile === undefined ? [] : [config.envFile]),
    // Compose starts at the folder of the first file; where that is not the project's, both are meant by somebody.
    ...composeSources
      .flatMap(envFilesOf)
      .concat('.env')
      .flatMap(path => [resolve(directory, path), resolve(ofCompose, path)]),
    ...files.flatMap(({ file }) => (file === undefined ? [] : [unescaped(file)])),
    ...mounts.flatMap(mount => (mount['read_only'] === true ? sourceOf(mount) : [])),
    ...(config.migrate?.files ?? []),
  ]
  // Backups are not code, and the key to the server is not for the server.
  const identity = config.server?.identityFile
  const staying = [
    ...(config.backups.directory === '' ? [] : [config.backups.directory]),
    ...(identity === undefined ? [] : [identity, `${identity}.pub`]),
  ]
  return { needed: inside(directory, needed), staying: inside(directory, staying) }
}

function envFilesOf(source: unknown): string[] {
  return values(field(source, 'services')).flatMap(service => {
    const written = field(service, 'env_file')
    const list: unknown[] = Array.isArray(written) ? written : [written]
    return list.flatMap(each => {
      const path = typeof each === 'string' ? each : field(each, 'path')
      return typeof path === 'string' ? [path] : []
    })
  })
}

/** Undefined: the folder is not in a Git work tree. */
async function knownToGit(directory: string): Promise<string[] | undefined> {
  const result = await runGit(directory, ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', '.'])
  if (result.exitCode !== 0) return undefined
  const paths = new Set(result.stdout.split('\0').filter(path => path !== ''))
  const found = await Promise.all([...paths].map(path => expanded(directory, path)))
  return found.flat()
}

/** A file itself; a folder (a submodule, a mount) with what is in it; nothing when it is not there. */
async function expanded(directory: string, path: string): Promise<string[]> {
  const clean = path.replace(/\/$/, '')
  const found = await lstat(join(directory, clean)).catch(() => undefined)
  if (found === undefined) return []
  if (found.isDirectory()) return below(directory, clean, onlyGit)
  return found.isFile() || found.isSymbolicLink() ? [clean] : []
}

async function below(directory: string, path: string, skipped: ReadonlySet<string>): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(join(directory, path), { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue
    const inner = path === '' ? entry.name : `${path}/${entry.name}`
    if (entry.isDirectory()) found.push(...(await below(directory, inner, skipped)))
    else if (entry.isFile() || entry.isSymbolicLink()) found.push(inner)
  }
  return found
}

const onlyGit = new Set(['.git'])
const skippedFolders = new Set(['.git', 'node_modules'])

function inside(directory: string, paths: readonly string[]): string[] {
  return paths.flatMap(path => {
    const inner = relative(directory, path)
    const leaves = inner === '..' || inner.startsWith(`..${sep}`) || isAbsolute(inner)
    return leaves || inner === '' ? [] : [inner.split(sep).join('/')]
  })
}

function isBelow(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function sourceOf(mount: { source?: string }): string[] {
  return mount.source === undefined ? [] : [unescaped(mount.source)]
}
