import type { DatabaseState } from '../release/ports.ts'
import type { SchemaChange } from '../release/model.ts'
import type { Circumstances } from './addition-verdicts.ts'
import { grantedObjects, parseKey, type SchemaKey } from './schema-key.ts'
import { judgeAdded, judgeChanged, judgeDropped, judgePartOfNew } from './schema-verdicts.ts'
import type { Usage } from './usage.ts'

/**
 * The differences between two schemas, each judged: can code that was written for the one before live with it?
 * In doubt it can not: the price of doubt is a short hold, the price of trust may be failed requests.
 * `usage`: what code of before was seen doing; it settles some doubts, either way.
 */
export function compare(before: DatabaseState, after: DatabaseState, usage?: Usage): SchemaChange[] {
  if (before.fingerprint === after.fingerprint) return []
  const keys = [...new Set([...Object.keys(before.catalog), ...Object.keys(after.catalog)])].sort()
  const at = { before: before.catalog, after: after.catalog, usage }
  return keys.flatMap(key => judge(key, at) ?? [])
}

function judge(key: string, at: Circumstances): SchemaChange | undefined {
  const { before, after } = at
  const was = before[key]
  const is = after[key]
  if (was === is) return undefined
  const subject = parseKey(key)
  if (was === undefined && is !== undefined)
    return cameWithItsWhole(subject, before, after) ? judgePartOfNew(subject, is, at) : judgeAdded(subject, is, at)
  if (is === undefined && was !== undefined)
    return cameWithItsWhole(subject, after, before) ? undefined : judgeDropped(subject)
  return judgeChanged(subject, was ?? '', is ?? '')
}

/** A new table's columns are no news of their own, nor are the rights on a dropped one. */
function cameWithItsWhole(
  subject: SchemaKey,
  without: DatabaseState['catalog'],
  having: DatabaseState['catalog'],
): boolean {
  return wholes(subject).some(key => key in having && !(key in without))
}

function wholes({ kind, name, relation }: SchemaKey): string[] {
  const relations = relation === undefined ? [] : [`table ${relation}`, `view ${relation}`]
  if (!kind.startsWith('grant ')) return relations
  const object = kind.slice('grant '.length)
  const named = grantedObjects(name).flatMap(whole => [
    `${object} ${whole}`,
    ...(object === 'table' ? [`view ${whole}`] : []),
  ])
  return [...relations, ...named]
}
