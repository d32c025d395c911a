import type { SchemaChange } from '../release/model.ts'
import { whyAdditionBreaks, whyReferenceBreaks, type Circumstances } from './addition-verdicts.ts'
import { changedFields, labels, parse, read, text, type Fields } from './schema-fields.ts'
import { migrationName, shortName, type SchemaKey } from './schema-key.ts'

/** Something is there that was not. */
export function judgeAdded(subject: SchemaKey, value: string, at: Circumstances): SchemaChange {
  const { kind, name } = subject
  if (kind === 'ledger') return harmless(`migration ${migrationName(name)} ${text(parse(value))}`)
  if (kind.startsWith('grant ')) return harmless(`${grantSentence(subject)} granted`)
  return change(`${kind} ${shortName(name)} added`, whyAdditionBreaks(subject, read(value), at))
}

/** A part of a table or view that is new as a whole: what it asks of older tables, or of the rows that come to it from them. */
export function judgePartOfNew(subject: SchemaKey, value: string, at: Circumstances): SchemaChange | undefined {
  const { kind, name, relation = '' } = subject
  const fields = read(value)
  const isChild = Array.isArray(read(at.after[`table ${relation}`])['parents'])
  const judged = isChild ? ['constraint', 'index', 'trigger', 'rule'].includes(kind) : fields['kind'] === 'f'
  if (!judged || fields['inherited'] === true) return undefined
  const why = isChild ? whyAdditionBreaks(subject, fields, at) : whyReferenceBreaks(relation, fields, at)
  return why === undefined ? undefined : change(`${kind} ${shortName(name)} added`, why)
}

/** Something is gone. A rename looks like this too: the old name is gone, whatever the new one is. */
export function judgeDropped(subject: SchemaKey): SchemaChange {
  const { kind, name } = subject
  if (kind === 'ledger') return harmless(`migration ${migrationName(name)} taken out of the ledger`)
  if (kind.startsWith('grant '))
    return change(`${grantSentence(subject)} revoked`, 'code of before may need these rights')
  return change(`${kind} ${shortName(name)} dropped`, 'code of before may use it')
}

/** Undefined: what differs is told by another line. */
export function judgeChanged(subject: SchemaKey, was: string, is: string): SchemaChange | undefined {
  const { kind, name } = subject
  const before = read(was)
  const after = read(is)
  if (kind === 'ledger') return harmless(`migration ${migrationName(name)} ${text(parse(is))}`)
  if (kind.startsWith('grant ')) return judgeGrant(subject, labels(parse(was)), labels(parse(is)))
  if (kind === 'column') return judgeColumn(shortName(name), before, after)
  if (kind === 'column order') return judgeOrder(shortName(name), labels(parse(was)), labels(parse(is)))
  if (kind === 'enum') return judgeEnum(shortName(name), before, after)
  if ((kind === 'constraint' || kind === 'index') && becameValid(before, after)) {
    return harmless(`${kind} ${shortName(name)} validated`)
  }
  if (kind === 'role' && onlyJoined(before, after)) return harmless(`role ${name} joined others`)
  const what = changedFields(before, after).filter(field => !asides.has(field))
  if (what.length === 0 && before['value'] === undefined && after['value'] === undefined) return undefined
  return change(
    `${kind} ${shortName(name)} changed${what.length === 0 ? '' : ` (${what.join(', ')})`}`,
    'code of before was written for what it was',
  )
}

/** Fields that follow from other lines: which tables a function's text names depends on which tables there are. */
const asides = new Set(['everyColumn', 'everyColumnOf', 'builtIn'])

function judgeColumn(name: string, before: Fields, after: Fields): SchemaChange {
  const changed = (field: string): boolean => JSON.stringify(before[field]) !== JSON.stringify(after[field])
  // Wider is not safer: drivers hand out int as a number and bigint as text.
  if (changed('type'))
    return change(
      `column ${name} retyped from ${text(before['type'])} to ${text(after['type'])}`,
      'code of before reads and writes the old type',
    )
  if (changed('notNull')) {
    return after['notNull'] === true
      ? change(`column ${name} set not null`, 'code of before may write nulls')
      : change(`column ${name} may be null now`, 'code of before may not expect nulls when it reads')
  }
  if (changed('generated') || changed('identity'))
    return change(`column ${name} generated differently`, 'code of before may write it')
  if (changed('sequence'))
    return change(`column ${name} counted differently`, 'numbers given to code of before may run out')
  if (changed('collation')) return change(`column ${name} sorted differently`, 'code of before may rely on the order')
  if (before['default'] === null) {
    const leftOut = after['notNull'] !== true
    return change(
      `column ${name} got a default`,
      leftOut ? 'code of before may leave it out and expect a null' : undefined,
    )
  }
  return change(
    `column ${name} ${after['default'] === null ? 'lost its default' : 'got another default'}`,
    'code of before may rely on the old one',
  )
}

/** Columns that came last, or went, are told by lines of their own. */
function judgeOrder(name: string, before: readonly string[], after: readonly string[]): SchemaChange | undefined {
  const stayed = before.filter(column => after.includes(column))
  const now = stayed.length < before.length ? after.filter(column => before.includes(column)) : after
  if (stayed.every((column, place) => now[place] === column)) return undefined
  return change(`columns of ${name} in another order`, 'code of before may read rows by position')
}

/**
 * Also a label at the end breaks: after a rollback rows with it may be there, and clients with
 * enums compiled in (Prisma's is one) fail on reading a label they do not know.
 */
function judgeEnum(name: string, before: Fields, after: Fields): SchemaChange {
  const old = labels(before['labels'])
  const now = labels(after['labels'])
  const added = now.filter(label => !old.includes(label))
  const lost = old.filter(label => !now.includes(label))
  if (lost.length > 0) return change(`enum ${name} lost ${lost.join(', ')}`, 'code of before may write it')
  if (added.length > 0)
    return change(`enum ${name} got ${added.join(', ')}`, 'code of before may not know it when it reads')
  const what = changedFields(before, after).join(', ')
  return change(`enum ${name} changed (${what})`, 'code of before may rely on what it was')
}

function judgeGrant(subject: SchemaKey, before: readonly string[], after: readonly string[]): SchemaChange {
  const lost = before.filter(right => !after.includes(right))
  if (lost.length === 0) return harmless(`${grantSentence(subject)} widened`)
  return change(`${lost.join(', ')} revoked: ${grantSentence(subject)}`, 'code of before may need these rights')
}

function grantSentence({ kind, name }: SchemaKey): string {
  return `rights on ${kind.slice('grant '.length)} ${shortName(name)}`
}

function becameValid(before: Fields, after: Fields): boolean {
  const plain = (fields: Fields): string => JSON.stringify({ ...fields, valid: true }).replace(' NOT VALID', '')
  return before['valid'] === false && after['valid'] === true && plain(before) === plain(after)
}

function onlyJoined(before: Fields, after: Fields): boolean {
  const now = labels(after['memberOf'])
  return (
    changedFields(before, after).every(field => field === 'memberOf') &&
    labels(before['memberOf']).every(role => now.includes(role))
  )
}

function harmless(what: string): SchemaChange {
  return { what, breaking: false }
}

function change(what: string, why: string | undefined): SchemaChange {
  return why === undefined ? harmless(what) : { what, breaking: true, why }
}
