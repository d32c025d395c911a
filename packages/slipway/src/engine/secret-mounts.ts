import { mountsOf, type SecretMount } from '../config/compose-secrets.ts'
import type { ComposeDocument, ComposeFile, ComposeService } from '../config/document.ts'
import { escaped } from '../config/dollars.ts'

/**
 * Gives each service files of its own for the secrets whose value the document holds: Docker binds a secret's file into
 * the container as it is, so it must belong to the very user that reads it there. Pure.
 */
export function ownedSecrets(document: ComposeDocument, ownerOf: OwnerOf, pathOf: PathOf): OwnedSecrets {
  const files = new Map<string, SecretFile>()
  const secrets: Record<string, ComposeFile> = {}
  for (const [key, entry] of Object.entries(document.secrets ?? {})) if (entry.value === undefined) secrets[key] = entry
  const services = Object.fromEntries(
    Object.entries(document.services).map(([name, service]) => [name, withOwnFiles(name, service)]),
  )
  const { secrets: _values, ...rest } = document
  return {
    document: { ...rest, services, ...(Object.keys(secrets).length === 0 ? {} : { secrets }) },
    files: [...files.values()],
  }

  function withOwnFiles(name: string, service: ComposeService): ComposeService {
    const mounts = mountsOf(service)
    if (!mounts.some(mount => valueOf(mount) !== undefined)) return service
    return { ...service, secrets: mounts.map(mount => ownMount(name, mount)) }
  }

  function ownMount(service: string, mount: SecretMount): SecretMount {
    const value = valueOf(mount)
    if (value === undefined) return mount
    const owner = ownerOf(service, mount)
    const path = pathOf(service, mount.source, value, owner)
    const key = freeKey(`${mount.source}.${owner.uid}-${owner.gid}-${owner.mode.toString(8)}`, path)
    secrets[key] = { file: escaped(path) }
    files.set(path, { path, value, owner })
    // Compose warns of uid, gid and mode, which it can not do for a file.
    return { source: key, target: mount.target ?? mount.source }
  }

  /** A state service's file lies elsewhere than that of a release, for the same owner. */
  function freeKey(wanted: string, path: string): string {
    const taken = secrets[wanted]
    return taken === undefined || taken.file === escaped(path) ? wanted : freeKey(`${wanted}_`, path)
  }

  function valueOf(mount: SecretMount): Uint8Array | undefined {
    const sections = document.secrets ?? {}
    return Object.hasOwn(sections, mount.source) ? sections[mount.source]?.value : undefined
  }
}

export type OwnerOf = (service: string, mount: SecretMount) => Owner
export type PathOf = (service: string, key: string, value: Uint8Array, owner: Owner) => string

export interface OwnedSecrets {
  document: ComposeDocument
  files: SecretFile[]
}

export interface SecretFile {
  path: string
  value: Uint8Array
  owner: Owner
}

/** As numbers, because names mean something else inside the container than outside. */
export interface Owner {
  uid: number
  gid: number
  mode: number
}

/** The owner that a service's user makes, unless its mount says otherwise. */
export function mountOwner(user: { uid: number; gid: number }, mount: SecretMount): Owner {
  return {
    uid: numberOr(mount.uid, user.uid),
    gid: numberOr(mount.gid, user.gid),
    mode: modeOf(mount.mode),
  }
}

function numberOr(written: string | undefined, usual: number): number {
  return written !== undefined && /^\d{1,9}$/.test(written) ? Number(written) : usual
}

/** Compose prints a mode as octal digits in quotes, or as the number that they mean. Nobody may ever write. */
function modeOf(written: string | number | undefined): number {
  if (written === undefined) return 0o400
  const mode = typeof written === 'number' ? written : Number.parseInt(written, 8)
  return Number.isInteger(mode) ? mode & 0o444 : 0o400
}
