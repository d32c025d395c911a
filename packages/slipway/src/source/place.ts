import { isAbsolute, join, relative } from 'node:path'
import type { ComposeDocument, ComposeService } from '../config/document.ts'

/**
 * Decides where the files that containers mount come from. Pure: returns the rewritten document and what to copy.
 * What is read-only belongs to the release and is copied into it, so that going back brings it back; what is writable
 * is data and stays in the project's folder; secrets and configs are copied whatever their place.
 */
export function placeFiles(document: ComposeDocument, places: Places): { document: ComposeDocument; copies: Copy[] } {
  const copies: Copy[] = []
  const services = Object.fromEntries(Object.entries(document.services).map(([name, service]) => [name, placeMounts(service)]))
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

  function placeMounts(service: ComposeService): ComposeService {
    if (service.volumes === undefined) return service
    return { ...service, volumes: service.volumes.map(volume => (volume.type === 'bind' ? placeBind(volume) : volume)) }
  }

  function placeBind(volume: NonNullable<ComposeService['volumes']>[number]) {
    const inside = volume.source === undefined ? undefined : within(places.source, volume.source)
    if (volume.source === undefined || inside === undefined) return volume
    if (volume['read_only'] !== true) return { ...volume, source: join(places.project, inside) }
    const to = join(places.release, 'mounted', inside === '' ? '.' : inside)
    copies.push({ from: volume.source, to, fallback: join(places.project, inside) })
    return { ...volume, source: to }
  }

  function placeSection(section: ComposeDocument['secrets'], kind: 'secrets' | 'configs') {
    if (section === undefined) return undefined
    return Object.fromEntries(
      Object.entries(section).map(([key, entry]) => {
        if (entry.file === undefined) return [key, entry]
        const to = join(places.release, kind, key)
        const inside = within(places.source, entry.file)
        copies.push({ from: entry.file, to, fallback: inside === undefined ? entry.file : join(places.project, inside) })
        return [key, { ...entry, file: to }]
      }),
    )
  }
}

export interface Places {
  /** Where the release's sources lie. */
  source: string
  /** The folder that a person works in: data and files that are not in Git live there. */
  project: string
  /** The release's own folder. */
  release: string
}

export interface Copy {
  from: string
  to: string
  /** Where to look when `from` is not there: a secret that is not in Git. */
  fallback: string
}

function within(root: string, path: string): string | undefined {
  const inside = relative(root, path)
  return inside.startsWith('..') || isAbsolute(inside) ? undefined : inside
}
