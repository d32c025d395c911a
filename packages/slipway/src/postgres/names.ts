import { createHash } from 'node:crypto'
import { maxIdentifierBytes } from './sql.ts'

/** Why Slipway made a database beside the live one: a snapshot, what was live before, a restored backup. */
export const leftBehindKinds = ['before', 'left', 'restored'] as const
export type LeftBehindKind = (typeof leftBehindKinds)[number]

/**
 * `<live>__before_<label>`, cut to what PostgreSQL keeps, and free: a number is added when the name is taken.
 * A cut name carries a digest of the whole, so that two long names never become one.
 */
export function freeName(live: string, kind: LeftBehindKind, label: string, taken: ReadonlySet<string>): string {
  for (let attempt = 1; ; attempt++) {
    const name = boundedName(live, `__${kind}_${plainLabel(label)}${attempt === 1 ? '' : `_${attempt}`}`)
    if (!taken.has(name)) return name
  }
}

/** Whether a name has the form of those that Slipway gives to new copies of this live database. */
export function isCopyName(live: string, name: string): boolean {
  return (['before', 'restored'] as const).some(kind => {
    const at = name.lastIndexOf(`__${kind}_`)
    if (at < 1) return false
    return boundedName(live, name.slice(at)) === name
  })
}

function boundedName(live: string, suffix: string): string {
  const whole = `${live}${suffix}`
  if (Buffer.byteLength(whole) <= maxIdentifierBytes) return whole
  const digest = `~${createHash('sha256').update(live).digest('hex').slice(0, 8)}`
  return `${cutToBytes(live, maxIdentifierBytes - Buffer.byteLength(suffix) - digest.length)}${digest}${suffix}`
}

/** A label is a deployment's id; whatever else it is must not eat up the name. */
function plainLabel(label: string): string {
  const plain = label.replaceAll(/[^A-Za-z0-9-]+/g, '_').slice(0, 24)
  return plain === '' ? 'unnamed' : plain
}

function cutToBytes(text: string, bytes: number): string {
  let kept = ''
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > bytes) break
    kept += character
  }
  return kept
}
