import { createHmac, randomBytes } from 'node:crypto'
import { chmod, chown, lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ComposeDocument } from '../config/document.ts'
import { escaped } from '../config/dollars.ts'
import type { ReleaseService } from '../release/model.ts'
import { SlipwayError } from '../support/errors.ts'
import { errorCode, readIfPresent, writeAtomically } from '../support/files.ts'
import { serviceUser, sharesUsers } from './image-user.ts'
import { mountsOf } from '../config/compose-secrets.ts'
import { lastingFolder } from './names.ts'
import { mountOwner, type Owner, ownedSecrets, type SecretFile } from './secret-mounts.ts'
import type { User } from './user-names.ts'

/**
 * Writes the values that a resolved document holds as files of the release, each owned by the user that reads it, and
 * returns the document that mounts them. What a state service mounts outlives the release and lies beside it.
 */
export async function deliverSecrets(input: DeliverySource): Promise<Delivered> {
  const { document, services, images, directory, note } = input
  const holding = services.filter(({ name }) => holdsValue(document, name))
  if (holding.length === 0) return { document: withoutValues(document), fingerprint: undefined }
  const key = await namingKey(directory)
  const shared = await sharesUsers()
  if (!shared)
    note('secrets are readable for every user inside a container: this Docker gives them other numbers than the server')
  const users = new Map<string, User>()
  for (const { name } of shared ? holding : []) {
    users.set(name, await serviceUser(images[name] ?? '', userField(document, name), directory))
  }
  const lasting = new Set(services.filter(service => service.role === 'state').map(service => service.name))
  const delivered = ownedSecrets(
    document,
    (service, mount) => {
      const user = users.get(service)
      return user === undefined ? forEverybody : mountOwner(user, mount)
    },
    (service, name, value, owner) => {
      const folder = `${owner.uid}-${owner.gid}-${owner.mode.toString(8)}`
      if (!lasting.has(service)) return join(directory, 'secrets', folder, name)
      return join(lastingFolder(directory), keyed(key, [folder, name, value]), name)
    },
  )
  for (const file of delivered.files) await writeSecret(file)
  const known = delivered.files.map(({ path, value, owner }) =>
    keyed(key, [path.replace(`${directory}/`, ''), value, JSON.stringify(owner)]),
  )
  return { document: withoutValues(delivered.document), fingerprint: keyed(key, known.toSorted()) }
}

export interface DeliverySource {
  document: ComposeDocument
  services: readonly ReleaseService[]
  /** By id. */
  images: Readonly<Record<string, string>>
  /** The release's folder. */
  directory: string
  note: (text: string) => void
}

export interface Delivered {
  document: ComposeDocument
  /** Over names, values and owners, by a key that never leaves this server. Undefined: nothing was delivered. */
  fingerprint: string | undefined
}

/** For the builder, which runs as this process's user and copies nothing of them into an image. */
export async function withBuildSecrets<T>(
  document: ComposeDocument,
  directory: string,
  act: (document: ComposeDocument) => Promise<T>,
): Promise<T> {
  const held = Object.entries(document.secrets ?? {}).filter(([, entry]) => entry.value !== undefined)
  if (held.length === 0) return act(document)
  const folder = join(directory, 'build-secrets')
  const secrets = { ...document.secrets }
  try {
    for (const [index, [name, { value }]] of held.entries()) {
      const path = join(folder, String(index))
      await writeSecret({
        path,
        value: value ?? new Uint8Array(),
        owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mode: 0o400 },
      })
      secrets[name] = { file: escaped(path) }
    }
    return await act({ ...document, secrets })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The release's folder keeps everybody else on the server out. */
const forEverybody: Owner = { uid: -1, gid: -1, mode: 0o444 }

function holdsValue(document: ComposeDocument, service: string): boolean {
  return mountsOf(document.services[service]).some(mount => document.secrets?.[mount.source]?.value !== undefined)
}

function userField(document: ComposeDocument, service: string): string | undefined {
  const user: unknown = document.services[service]?.['user']
  return typeof user === 'string' && user !== '' ? user : undefined
}

function withoutValues(document: ComposeDocument): ComposeDocument {
  if (document.secrets === undefined) return document
  const secrets = Object.fromEntries(Object.entries(document.secrets).filter(([, entry]) => entry.value === undefined))
  const { secrets: _all, ...rest } = document
  return Object.keys(secrets).length === 0 ? rest : { ...rest, secrets }
}

/** Never readable for a moment for anybody else: made without rights, given away, and only then named. */
async function writeSecret({ path, value, owner }: SecretFile): Promise<void> {
  if (await isWritten(path, value, owner)) return
  const temporary = `${path}.${randomBytes(6).toString('hex')}.partial`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(value)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (owner.uid >= 0 && process.getuid?.() === 0) await chown(temporary, owner.uid, owner.gid)
    await chmod(temporary, owner.mode)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    const full = errorCode(error) === 'ENOSPC' || errorCode(error) === 'EDQUOT'
    throw new SlipwayError(full ? 'DISK_FULL' : 'SOURCE_FAILED', `${path} could not be written`, {
      why: error instanceof Error ? error.message : String(error),
      state: 'nothing that runs was touched',
      next: full ? 'Free some disk space and deploy again.' : 'Run it as a user that may write there.',
      cause: error,
    })
  }
}

/** What a database mounts stays as it is, down to its inode. */
async function isWritten(path: string, value: Uint8Array, owner: Owner): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined || !found.isFile() || (found.mode & 0o7777) !== owner.mode) return false
  if (owner.uid >= 0 && (found.uid !== owner.uid || found.gid !== owner.gid)) return false
  return Buffer.compare(await readFile(path), value) === 0
}

/**
 * Names and fingerprints can be seen in `docker inspect`. Plain hashes of short passwords could be guessed from, so
 * theirs are made with a key of this server.
 */
async function namingKey(directory: string): Promise<string> {
  const file = join(dirname(directory), '.naming-key')
  const known = await readIfPresent(file)
  if (known !== undefined && known.length >= 32) return known
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeAtomically(file, randomBytes(32).toString('hex'))
  return (await readIfPresent(file)) ?? ''
}

function keyed(key: string, parts: readonly (string | Uint8Array)[]): string {
  const hmac = createHmac('sha256', key)
  for (const part of parts)
    hmac.update(`${typeof part === 'string' ? Buffer.byteLength(part) : part.length}:`).update(part)
  return hmac.digest('hex').slice(0, 32)
}
