import type { Catalog } from '../release/ports.ts'
import { cannotFail } from './safe-expressions.ts'
import { asFields, labels, read, type Fields } from './schema-fields.ts'
import type { SchemaKey } from './schema-key.ts'
import type { Usage } from './usage.ts'
import { lastName, mayDelete, minds, truncates } from './usage-verdicts.ts'

/** What a difference is judged by. */
export interface Circumstances {
  before: Catalog
  after: Catalog
  usage: Usage | undefined
}

/** Undefined: code that does not know of the addition lives with it. */
export function whyAdditionBreaks(subject: SchemaKey, fields: Fields, at: Circumstances): string | undefined {
  const { kind, name, relation } = subject
  switch (kind) {
    case 'column':
      return whyColumnBreaks(subject, fields, at)
    case 'constraint':
      return whyConstraintBreaks(relation ?? '', fields, at)
    case 'index':
      return whyIndexBreaks(relation ?? '', fields, at)
    case 'trigger':
    case 'rule':
    case 'event trigger':
      return 'it acts on statements of code of before'
    case 'policy':
      return whyPolicyBreaks(relation ?? '', fields, at)
    case 'function':
      return fields['builtIn'] === true || sharesItsName(name.slice(0, name.lastIndexOf('(')), ['function'], at)
        ? 'calls of the function of the same name may become ambiguous'
        : undefined
    case 'table':
    case 'view':
      if (Array.isArray(fields['parents']) && typeof fields['partition'] !== 'string')
        return 'its rows are rows of an older table too'
      return sharesItsName(name, ['table', 'view'], at)
        ? 'code of before may find it in the place of an older one'
        : undefined
    case 'sequence':
    case 'enum':
    case 'domain':
    case 'type':
      return sharesItsName(name, [kind], at) ? 'code of before may find it in the place of an older one' : undefined
    case 'cast':
    case 'operator':
      return 'expressions of code of before may mean something else'
    case 'setting':
      return 'sessions of code of before start with it'
    case 'publication':
      return fields['updates'] === false ? undefined : 'tables without a key refuse updates once they are published'
    default:
      return undefined
  }
}

function whyColumnBreaks(
  { name, relation = '' }: SchemaKey,
  column: Fields,
  { before, usage }: Circumstances,
): string | undefined {
  const filled =
    column['notNull'] !== true ||
    isText(column['default']) ||
    isText(column['generated']) ||
    (isText(column['identity']) && column['identity'] !== '')
  if (!filled) return 'rows written by code of before have no value for it'
  if (isText(column['generated'])) {
    if (column['notNull'] === true) return 'rows written by code of before may have no value for it'
    if (!cannotFail(column['generated'])) return 'computing it may fail on what code of before writes'
  }
  const reader = readerOfEveryColumn(relation, before)
  if (reader !== undefined) return `${reader} was made for the columns of before`
  return minds(usage, relation, lastName(name))
}

/** A trigger or function of before that copies or returns whole rows of the table. */
function readerOfEveryColumn(table: string, before: Catalog): string | undefined {
  return Object.keys(before).find(key => {
    if (key.startsWith(`trigger ${table}.`)) return read(before[key])['everyColumn'] === true
    if (!key.startsWith('function ')) return false
    const { returns, everyColumnOf } = read(before[key])
    return returns === table || labels(everyColumnOf).includes(table)
  })
}

function whyConstraintBreaks(table: string, fields: Fields, at: Circumstances): string | undefined {
  if (fields['inherited'] === true) return undefined
  const fresh = `table ${table}` in at.after && !(`table ${table}` in at.before)
  if (fields['kind'] === 'f') {
    if (!fresh && !leftNull(table, fields, at)) return 'rows written by code of before may violate it'
    return whyReferenceBreaks(table, fields, at)
  }
  if (fields['kind'] === 'u' && leftNull(table, fields, at)) return undefined
  return 'rows written by code of before may violate it'
}

/** Code of before leaves one of the columns null, and null equals nothing and refers to nothing. */
function leftNull(table: string, fields: Fields, { before, after }: Circumstances): boolean {
  const definition = isText(fields['definition']) ? fields['definition'] : ''
  if (/NULLS NOT DISTINCT|MATCH FULL/.test(definition)) return false
  return labels(fields['columns']).some(column => {
    const key = Object.keys(after).find(candidate => isColumn(candidate, table, column))
    if (key === undefined || key in before) return false
    const { notNull, default: value, generated, identity } = read(after[key])
    return notNull === false && value === null && generated === null && identity === ''
  })
}

function isColumn(key: string, table: string, column: string): boolean {
  const prefix = `column ${table}.`
  return key.startsWith(prefix) && lastName(key.slice(prefix.length)) === column
}

/** Rows that only new code writes may stand in the way of what code of before does to the rows they refer to. */
export function whyReferenceBreaks(table: string, constraint: Fields, at: Circumstances): string | undefined {
  const refers = asFields(constraint['refers'])
  const target = refers['table']
  if (at.usage === undefined || !isText(target) || !(`table ${target}` in at.before)) return undefined
  if (truncates(at.usage, target)) return `code of before could not empty ${target} any more`
  const blocks =
    ['a', 'r'].includes(String(refers['delete'])) || (refers['delete'] === 'n' && !mayBeNull(table, constraint, at))
  if (blocks && mayDelete(at.usage, target))
    return `code of before could not delete rows of ${target} that are referred to`
  if (
    ['a', 'r'].includes(String(refers['update'])) &&
    labels(refers['columns']).some(column => isNatural(target, column, at))
  )
    return `code of before could not change keys of ${target} that are referred to`
  return undefined
}

function mayBeNull(table: string, constraint: Fields, { after }: Circumstances): boolean {
  return labels(constraint['columns']).every(column =>
    Object.keys(after).some(key => isColumn(key, table, column) && read(after[key])['notNull'] === false),
  )
}

/** A key that people may change, such as a name; numbers and UUIDs are given once. */
function isNatural(table: string, column: string, { before }: Circumstances): boolean {
  const key = Object.keys(before).find(candidate => isColumn(candidate, table, column))
  const type = read(key === undefined ? undefined : before[key])['type']
  return !['uuid', 'smallint', 'integer', 'bigint'].includes(String(type))
}

function whyIndexBreaks(table: string, fields: Fields, at: Circumstances): string | undefined {
  if (fields['inherited'] === true) return undefined
  const expressions = [fields['expressions'], fields['predicate']].filter(isText)
  if (!expressions.every(cannotFail)) return 'computing it may fail on what code of before writes'
  if (fields['unique'] !== true || leftNull(table, fields, at)) return undefined
  return 'rows written by code of before may violate it'
}

function whyPolicyBreaks(table: string, fields: Fields, { before }: Circumstances): string | undefined {
  if (fields['permissive'] !== true) return 'it hides rows from code of before'
  return read(before[`table ${table}`])['rls'] === true ? 'it shows more rows to code of before' : undefined
}

/** Whether one of the same name, in whatever schema, was there. */
function sharesItsName(name: string, kinds: readonly string[], { before }: Circumstances): boolean {
  const simple = lastName(name)
  return Object.keys(before).some(key =>
    kinds.some(kind => {
      if (!key.startsWith(`${kind} `)) return false
      const other = key.slice(kind.length + 1)
      return lastName(kind === 'function' ? other.slice(0, other.lastIndexOf('(')) : other) === simple
    }),
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
