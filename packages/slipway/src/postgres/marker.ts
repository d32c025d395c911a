import { leftBehindKinds, type LeftBehindKind } from './names.ts'

/** What Slipway notes on a database it leaves behind, as the database's comment: it goes along with a rename. */
export interface Marker {
  kind: LeftBehindKind
  /** The live database it belongs to. */
  of: string
  label: string
  at: string
  /** Of what was live before: the database that took its place. */
  replacedBy?: string
}

/** One sentence for people, then one line for machines. */
export function markerText(marker: Marker): string {
  return `${sentences[marker.kind](marker)}\n${prefix}${JSON.stringify(marker)}`
}

/** The marker of a comment; undefined: a person wrote this comment. */
export function readMarker(comment: string | null): Marker | undefined {
  const line = comment?.split('\n').find(candidate => candidate.startsWith(prefix))
  if (line === undefined) return undefined
  try {
    return asMarker(JSON.parse(line.slice(prefix.length)))
  } catch {
    return undefined
  }
}

const prefix = 'slipway: '

const sentences: Record<LeftBehindKind, (marker: Marker) => string> = {
  before: ({ of, label, at }) => `Snapshot of ${oneLine(of)} taken by Slipway before ${oneLine(label)} at ${at}.`,
  left: ({ of, label, at }) => `Was ${oneLine(of)} until Slipway swapped other data in for ${oneLine(label)} at ${at}.`,
  restored: ({ of, label, at }) => `Backup of ${oneLine(of)} restored by Slipway for ${oneLine(label)} at ${at}.`,
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}

function asMarker(value: unknown): Marker | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kind, of, label, at, replacedBy } = value as Record<string, unknown>
  const known = leftBehindKinds.find(candidate => candidate === kind)
  if (known === undefined || typeof of !== 'string' || typeof label !== 'string' || typeof at !== 'string')
    return undefined
  return { kind: known, of, label, at, ...(typeof replacedBy === 'string' ? { replacedBy } : {}) }
}
