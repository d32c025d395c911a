import type { SchemaChange } from '../release/model.ts'
import type { WriteRow } from './rehearsal-writes.ts'
import { asFields, parse, read, type Fields } from './schema-fields.ts'
import { shortName } from './schema-key.ts'

/** By kind and name; made of the rows that `writesSql` returns. */
export type Writes = ReadonlyMap<string, string>

export function asWrites(rows: readonly WriteRow[]): Writes {
  return new Map(rows.map(({ kind, name, value }) => [`${kind} ${name}`, value]))
}

/**
 * The rows that a migration changed, each table judged: can code of before live with them? In doubt it can not.
 *
 * Rows are what code of before decides by. A status renamed in all rows, a setting's value, a flag: each is a schema of
 * its own, which only that code knows; a row added to a list of kinds is what a new label is to an enum, and breaks for
 * the same reason. Besides, a code-only rollback would leave changed rows behind, and nobody could take them back. So
 * every change to what code of before can read counts as breaking, at the price of a short hold; but filling columns
 * that are new, by far the most frequent change of data in migrations, and all that is put into new tables, does not.
 */
export function changedRows(before: Writes, after: Writes): SchemaChange[] {
  const counts = countsByWhole(before, after)
  const inserted = [...counts.values()].reduce((sum, count) => sum + count.inserted, 0)
  const tables = [...counts].flatMap(([name, count]) => judgeTable(name, count, before, after) ?? [])
  return [...tables, ...changedSequences(before, after, inserted)].sort((a, b) => (a.what < b.what ? -1 : 1))
}

interface Count {
  inserted: number
  updated: number
  deleted: number
  /** Holds nothing, in a new file: emptied, if it held something. */
  emptied: boolean
}

/** What was done to partitions was done to the table they are a part of. */
function countsByWhole(before: Writes, after: Writes): Map<string, Count> {
  const counts = new Map<string, Count>()
  for (const [key, value] of after) {
    if (!key.startsWith('table ')) continue
    const is = read(value)
    const name = typeof is['whole'] === 'string' ? is['whole'] : key.slice('table '.length)
    const count = difference(read(before.get(key)), is)
    const so = counts.get(name) ?? { inserted: 0, updated: 0, deleted: 0, emptied: false }
    counts.set(name, {
      inserted: so.inserted + count.inserted,
      updated: so.updated + count.updated,
      deleted: so.deleted + count.deleted,
      emptied: so.emptied || count.emptied,
    })
  }
  return counts
}

const decides = 'code of before may decide by what they say'

function judgeTable(name: string, count: Count, before: Writes, after: Writes): SchemaChange | undefined {
  const was = read(before.get(`table ${name}`))
  const is = read(after.get(`table ${name}`))
  if (!before.has(`table ${name}`)) return undefined
  const table = shortName(name)
  if (was['oid'] !== is['oid']) return { what: `table ${table} made anew`, breaking: true, why: 'its rows are gone' }
  const anew = renumbered(was, is)
  if (anew !== undefined)
    return { what: `column ${table}.${anew} made anew`, breaking: true, why: 'what was in it is gone' }
  const sum = sameSum(before.get(`rows ${name}`), after.get(`rows ${name}`))
  const touched = count.inserted + count.updated + count.deleted > 0
  if (sum === true) {
    const what = `rows of ${table} written (${sentence(count)}), what was in them is the same`
    return touched ? { what, breaking: false } : undefined
  }
  if (sum === false || touched || count.emptied)
    return { what: `rows of ${table} changed (${sentence(count)})`, breaking: true, why: decides }
  return undefined
}

function renumbered(was: Fields, is: Fields): string | undefined {
  const now = asFields(is['columns'])
  return Object.entries(asFields(was['columns'])).find(
    ([column, number]) => column in now && now[column] !== number,
  )?.[0]
}

function difference(was: Fields, is: Fields): Count {
  const of = (field: string): number => Math.max(0, Number(is[field] ?? 0) - Number(was[field] ?? 0))
  return {
    inserted: of('inserted'),
    updated: of('updated'),
    deleted: of('deleted'),
    emptied: was['file'] !== is['file'] && is['bytes'] === 0 && Number(was['bytes'] ?? 0) > 0,
  }
}

function sentence({ inserted, updated, deleted, emptied }: Count): string {
  const parts = [
    [inserted, 'inserted'],
    [updated, 'updated'],
    [deleted, 'deleted'],
  ].flatMap(([count, verb]) => (count === 0 ? [] : [`${count} ${verb}`]))
  if (emptied) parts.push('emptied')
  return parts.length === 0 ? 'not by statements on rows' : parts.join(', ')
}

/** Of `[count, sum, columns]`; undefined: not summed, or over other columns. */
function sameSum(was: string | undefined, is: string | undefined): boolean | undefined {
  const one = was === undefined ? undefined : parse(was)
  const other = is === undefined ? undefined : parse(is)
  if (!Array.isArray(one) || !Array.isArray(other) || one[2] !== other[2]) return undefined
  return was === is
}

/** One step for each row that was inserted is the sequence's daily work; whatever else was done to it is doubted. */
function changedSequences(before: Writes, after: Writes, inserted: number): SchemaChange[] {
  return [...after].flatMap(([key, value]): SchemaChange[] => {
    const old = before.get(key)
    if (!key.startsWith('sequence ') || old === undefined || old === value) return []
    const [was, is] = [parse(old), parse(value)]
    if (!Array.isArray(was) || !Array.isArray(is) || ![was[0], is[0], is[1]].every(isWhole)) return []
    const steps = Number(BigInt(String(is[0])) - BigInt(String(was[0]))) / Number(is[1])
    const name = shortName(key.slice('sequence '.length))
    if (steps >= 0 && steps <= inserted) return [{ what: `sequence ${name} went on by ${steps}`, breaking: false }]
    return [
      {
        what: `sequence ${name} set from ${was[0]} to ${is[0]}`,
        breaking: true,
        why: 'numbers may come twice or run out',
      },
    ]
  })
}

function isWhole(value: unknown): boolean {
  return typeof value === 'string' && /^-?\d+$/.test(value)
}
