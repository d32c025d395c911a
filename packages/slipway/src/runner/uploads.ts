import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Commit } from '../release/model.ts'
import { SlipwayError } from '../support/errors.ts'
import { errorCode, readIfPresent, writeAtomically } from '../support/files.ts'
import { notedFolders } from './deployed.ts'
import { contentName, filesOf, readManifest, type FileEntry, type Manifest } from './manifest.ts'
import { ordersUnderWay } from './runs.ts'
import { isIntact, takeFile, writeTree } from './stored-tree.ts'

/**
 * Code that arrives on a server. What earlier uploads brought is taken from there, the rest is asked for; the folder
 * gets the name of its content only when every hash is right. Uploads are never changed afterwards.
 */
export async function openUpload(uploads: string, offered: unknown): Promise<Upload> {
  const manifest = readManifest(offered)
  return onDisk(async () => {
    await mkdir(uploads, { recursive: true, mode: 0o700 })
    await removeStale(uploads)
    const folder = join(uploads, contentName(manifest))
    if (await isIntact(folder, manifest)) return new Upload(uploads, manifest, undefined, [])
    const scratch = join(uploads, `${partial}${randomBytes(6).toString('hex')}`)
    await mkdir(join(scratch, 'contents'), { recursive: true, mode: 0o700 })
    return new Upload(uploads, manifest, scratch, await takeKnown(uploads, manifest, join(scratch, 'contents')))
  })
}

export class Upload {
  /** The contents (SHA-256) that must be sent. */
  readonly needed: readonly string[]
  readonly #uploads: string
  readonly #manifest: Manifest
  readonly #scratch: string | undefined
  readonly #waited: Map<string, Arriving>

  constructor(uploads: string, manifest: Manifest, scratch: string | undefined, needed: readonly FileEntry[]) {
    this.#uploads = uploads
    this.#manifest = manifest
    this.#scratch = scratch
    this.#waited = new Map(needed.map(entry => [entry.sha256, { entry, hash: createHash('sha256'), bytes: 0 }]))
    this.needed = [...this.#waited.keys()]
  }

  /** The pieces of a content come in order; the last one says so. */
  async piece(sha256: string, bytes: Uint8Array, isLast: boolean): Promise<void> {
    const arriving = this.#waited.get(sha256)
    if (arriving === undefined || this.#scratch === undefined) throw damaged('a file came that nobody asked for')
    arriving.hash.update(bytes)
    arriving.bytes += bytes.length
    if (arriving.bytes > arriving.entry.bytes) throw damaged(`${arriving.entry.path} is longer than it was offered`)
    const file = join(this.#scratch, 'contents', sha256)
    await onDisk(() => writeFile(file, bytes, { flag: 'a', mode: 0o600 }))
    if (!isLast) return
    if (arriving.hash.digest('hex') !== sha256) throw damaged(`${arriving.entry.path} is not what was offered`)
    this.#waited.delete(sha256)
  }

  /** Returns the folder. */
  async finish(commit: Commit | undefined): Promise<string> {
    const [missing] = this.#waited.values()
    if (missing !== undefined) throw damaged(`${missing.entry.path} did not come`)
    return onDisk(async () => {
      const folder = join(this.#uploads, contentName(this.#manifest))
      if (this.#scratch !== undefined) await this.#settle(this.#scratch, folder)
      await noteUpload(folder, { manifest: this.#manifest, ...(commit === undefined ? {} : { commit }) })
      return folder
    })
  }

  async abandon(): Promise<void> {
    if (this.#scratch !== undefined) await rm(this.#scratch, { recursive: true, force: true })
  }

  async #settle(scratch: string, folder: string): Promise<void> {
    const contents = join(scratch, 'contents')
    const tree = join(scratch, 'tree')
    await writeTree(tree, this.#manifest, sha256 => join(contents, sha256))
    await rename(folder, join(scratch, 'damaged')).catch(() => undefined)
    await rename(tree, folder).catch(async (error: unknown) => {
      // Somebody else has just brought the same.
      if (!(await isIntact(folder, this.#manifest))) throw error
    })
    await rm(scratch, { recursive: true, force: true })
  }
}

/** What is known of an upload beside its files; undefined: the folder is none. */
export async function uploadNote(folder: string): Promise<UploadNote | undefined> {
  const text = await readIfPresent(noteOf(folder))
  return text === undefined ? undefined : (JSON.parse(text) as UploadNote)
}

/** It was brought now: the oldest go first. */
export async function noteUpload(folder: string, note: UploadNote): Promise<void> {
  await writeAtomically(noteOf(folder), JSON.stringify(note))
  const now = new Date()
  await utimes(folder, now, now)
}

export interface UploadNote {
  manifest: Manifest
  commit?: Commit
}

interface Arriving {
  entry: FileEntry
  hash: ReturnType<typeof createHash>
  bytes: number
}

/** How the names of those begin that are not whole yet. */
export const partial = '.incoming-'
const kept = 5
const staleAfterMs = 3_600_000

const noteOf = (folder: string): string => `${folder}.json`

/** Returns the files whose content is nowhere here. */
async function takeKnown(uploads: string, manifest: Manifest, contents: string): Promise<FileEntry[]> {
  const known = await knownFiles(uploads)
  const needed: FileEntry[] = []
  for (const entry of new Map(filesOf(manifest).map(each => [each.sha256, each])).values()) {
    const to = join(contents, entry.sha256)
    if (entry.bytes === 0) {
      await (await open(to, 'w', 0o600)).close()
      continue
    }
    const from = known.get(entry.sha256)
    if (from !== undefined && (await takeFile(from, to, entry))) continue
    await rm(to, { force: true })
    needed.push(entry)
  }
  return needed
}

async function knownFiles(uploads: string): Promise<Map<string, string>> {
  const known = new Map<string, string>()
  for (const name of await folders(uploads)) {
    const folder = join(uploads, name)
    const note = await uploadNote(folder).catch(() => undefined)
    for (const { sha256, path } of note === undefined ? [] : filesOf(note.manifest)) {
      known.set(sha256, join(folder, path))
    }
  }
  return known
}

/**
 * What was cut off, and folders that nobody used for long: what runs has its own copies, looking goes by the deployed
 * one, and a run that is under way by the one of its order, which may not yet be noted as deployed.
 */
export async function removeStale(uploads: string): Promise<void> {
  const oldest = Date.now() - staleAfterMs
  const environment = dirname(uploads)
  const needed = [
    ...(await notedFolders({ environment }).catch(() => [])),
    ...(await ordersUnderWay(join(environment, 'runs')).catch(() => [])).map(order => order.configFile),
  ]
  const used = await Promise.all(
    (await readdir(uploads))
      .filter(name => !name.endsWith('.json'))
      .map(async name => ({ name, at: (await stat(join(uploads, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
  )
  const complete = used.filter(({ name }) => !name.startsWith(partial)).sort((a, b) => b.at - a.at)
  const old = [...used.filter(({ name }) => name.startsWith(partial)), ...complete.slice(kept)]
  for (const { name, at } of old) {
    const isNeeded = needed.some(path => `${path}/`.startsWith(`${join(uploads, name)}/`))
    if (at >= oldest || isNeeded) continue
    await rm(join(uploads, name), { recursive: true, force: true })
    await rm(noteOf(join(uploads, name)), { force: true })
  }
}

async function folders(uploads: string): Promise<string[]> {
  return (await readdir(uploads)).filter(name => /^[0-9a-f]{40}$/.test(name))
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
    throw new SlipwayError('DISK_FULL', 'The code could not be written on the server', {
      why: 'its disk is full',
      state: 'nothing that runs was touched',
      next: 'Free some space there (docker system df shows what Docker keeps) and deploy again.',
      cause: error,
    })
  }
}

function damaged(why: string): SlipwayError {
  return new SlipwayError('UPLOAD_FAILED', 'The code did not arrive whole on the server', {
    why,
    state: 'nothing that runs was touched',
    next: 'Run the command again; a file may have changed while it was sent.',
  })
}
