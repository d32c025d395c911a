import { basename, isAbsolute, join, relative, sep } from 'node:path'
import type { ComposeDocument, ComposeService } from '../config/document.ts'
import { escaped, unescaped } from '../config/dollars.ts'

/**
 * Decides where the files that containers mount come from. Pure: returns the rewritten document and what to copy.
 * What is read-only belongs to the release and is copied into it, so that going back brings it back; what is writable
 * is data and stays in the project's folder; secrets and configs are copied whatever their place. What a lasting
 * service mounts must outlive the release, and lies in a folder that is named after its content.
 */
export function placeFiles(document: ComposeDocument, places: Places): { document: ComposeDocument; copies: Copy[] } {
  const copies: Copy[] = []
  const lasting = places.lasting
  const services = Object.fromEntries(
    Object.entries(document.services).map(([name, service]) => [name, placeMounts(name, service)]),
  )
  const secrets = placeSection(document.secrets, 'secrets')
  const configs = placeSection(document.configs, 'configs')
  return {
    document: {
      ...document,
      services,
      ...(secrets === undefined ? {} : { secrets }),
      ...(configs === undefined ? {} : { configs }),
    },
    copies,
  }

  function placeMounts(name: string, service: ComposeService): ComposeService {
    if (service.volumes === undefined) return service
    const place = (volume: Volume) => (volume.type === 'bind' ? placeBind(name, volume) : volume)
    return { ...service, volumes: service.volumes.map(place) }
  }

  function placeBind(name: string, volume: Volume): Volume {
    const source = volume.source === undefined ? undefined : unescaped(volume.source)
    const inside = source === undefined ? undefined : within(places.source, source)
    if (source === undefined || inside === undefined) return volume
    const ofProject = join(places.project, inside)
    if (volume['read_only'] !== true) return { ...volume, source: escaped(ofProject) }
    const to = copy(source, ofProject, lasting?.services.has(name) === true, join(places.release, 'mounted', inside))
    return { ...volume, source: escaped(to) }
  }

  function placeSection(section: ComposeDocument['secrets'], kind: 'secrets' | 'configs') {
    if (section === undefined) return undefined
    const lastingKeys = new Set([...(lasting?.services ?? [])].flatMap(name => keysOf(document.services[name]?.[kind])))
    return Object.fromEntries(
      Object.entries(section).map(([key, entry]) => {
        if (entry.file === undefined) return [key, entry]
        const file = unescaped(entry.file)
        const inside = within(places.source, file)
        const fallback = inside === undefined ? file : join(places.project, inside)
        const to = copy(file, fallback, lastingKeys.has(key), join(places.release, kind, fileName(key)))
        return [key, { ...entry, file: escaped(to) }]
      }),
    )
  }

  function copy(from: string, fallback: string, lasts: boolean, ordinary: string): string {
    const content = lasts ? lasting?.contents.get(from) : undefined
    const to = lasting === undefined || content === undefined ? ordinary : join(lasting.folder, content, basename(from))
    copies.push({ from, to, fallback, ...(lasts ? { lasting: true } : {}) })
    return to
  }
}

export interface Places {
  /** Where the release's sources lie. */
  source: string
  /** The folder that a person works in: data and files that are not in Git live there. */
  project: string
  /** The release's own folder. */
  release: string
  lasting?: {
    /** The services that outlive releases. */
    services: ReadonlySet<string>
    folder: string
    /** A fingerprint for each `from` of a lasting copy; without it the copy goes into the release. */
    contents: ReadonlyMap<string, string>
  }
}

export interface Copy {
  from: string
  to: string
  /** Where to look when `from` is not there: a secret that is not in Git. */
  fallback: string
  /** Outlives the release. */
  lasting?: true
}

/** The names of the secrets or configs that a service is given. */
export function keysOf(given: unknown): string[] {
  if (!Array.isArray(given)) return []
  return given.flatMap((each: unknown) => {
    if (typeof each === 'string') return [each]
    const isNamed = typeof each === 'object' && each !== null && 'source' in each && typeof each.source === 'string'
    return isNamed ? [String(each.source)] : []
  })
}

type Volume = NonNullable<ComposeService['volumes']>[number]

function within(root: string, path: string): string | undefined {
  const inside = relative(root, path)
  return inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside) ? undefined : inside
}

/** Compose takes `..` for a name. */
function fileName(key: string): string {
  return /^\.+$/.test(key) ? `${key.replaceAll('.', '_')}` : key
}
