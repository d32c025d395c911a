import type { Catalog } from '../release/ports.ts'
import type { SchemaChange } from '../release/model.ts'
import { migrationName, shortName, type SchemaKey } from './schema-key.ts'

/** Something is there that was not. */
export function judgeAdded(subject: SchemaKey, value: string, before: Catalog): SchemaChange {
  const { kind, name } = subject
  if (kind === 'ledger') return harmless(`migration ${migrationName(name)} ${text(parse(value))}`)
  if (kind.startsWith('grant ')) return harmless(`${grantSentence(subject)} granted`)
  const reason = whyAdditionBreaks(subject, read(value), before)
  return change(`${kind} ${shortName(name)} added`, reason)
}

/** Something is gone. A rename looks like this too: the old name is gone, whatever the new one is. */
export function judgeDropped(subject: SchemaKey): SchemaChange {
  const { kind, name } = subject
  if (kind === 'ledger') return harmless(`migration ${migrationName(name)} taken out of the ledger`)
  if (kind.startsWith('grant '))
    return change(`${grantSentence(subject)} revoked`, 'code of before may need these rights')
  return change(`${kind} ${shortName(name)} dropped`, 'code of before may use it')
}

export function judgeChanged(subject: SchemaKey, was: string, is: string): SchemaChange {
  const { kind, name } = subject
  const before = read(was)
  const after = read(is)
  if (kind === 'ledger') return harmless(`migration ${migrationName(name)} ${text(parse(is))}`)
  if (kind.startsWith('grant ')) return judgeGrant(subject, labels(parse(was)), labels(parse(is)))
  if (kind === 'column') return judgeColumn(shortName(name), before, after)
  if (kind === 'enum') return judgeEnum(shortName(name), before, after)
  if ((kind === 'constraint' || kind === 'index') && becameValid(before, after)) {
    return harmless(`${kind} ${shortName(name)} validated`)
  }
  const what = changedFields(before, after)
  return change(
    `${kind} ${shortName(name)} changed${what === '' ? '' : ` (${what})`}`,
    'code of before was written for what it was',
  )
}

type Fields = Readonly<Record<string, unknown>>

/** Undefined: code that does not know of the addition lives with it. */
function whyAdditionBreaks({ kind, name }: SchemaKey, fields: Fields, before: Catalog): string | undefined {
  switch (kind) {
    case 'column':
      return isFilledByItself(fields) ? undefined : 'rows written by code of before have no value for it'
    case 'constraint':
      return 'rows written by code of before may violate it'
    case 'index':
      return fields['unique'] === true ? 'rows written by code of before may violate it' : undefined
    case 'trigger':
    case 'rule':
    case 'event trigger':
      return 'it acts on statements of code of before'
    case 'policy':
      return fields['permissive'] === true ? undefined : 'it hides rows from code of before'
    case 'function':
      return isOverload(name, before) ? 'calls of the function of the same name may become ambiguous' : undefined
    default:
      return undefined
  }
}

function isFilledByItself(column: Fields): boolean {
  return (
    column['notNull'] !== true ||
    column['default'] !== null ||
    column['generated'] !== null ||
    column['identity'] !== ''
  )
}

function isOverload(name: string, before: Catalog): boolean {
  const prefix = `function ${name.slice(0, name.lastIndexOf('(') + 1)}`
  return Object.keys(before).some(key => key.startsWith(prefix))
}

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
  if (changed('collation')) return change(`column ${name} sorted differently`, 'code of before may rely on the order')
  if (before['default'] === null) return harmless(`column ${name} got a default`)
  return change(
    `column ${name} ${after['default'] === null ? 'lost its default' : 'got another default'}`,
    'code of before may rely on the old one',
  )
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
  return change(`enum ${name} changed (${changedFields(before, after)})`, 'code of before may rely on what it was')
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

function changedFields(before: Fields, after: Fields): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names
    .filter(name => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .sort()
    .join(', ')
}

function harmless(what: string): SchemaChange {
  return { what, breaking: false }
}

function change(what: string, why: string | undefined): SchemaChange {
  return why === undefined ? harmless(what) : { what, breaking: true, why }
}

/** Catalogs come back from journals and records too: whatever is no JSON is simply a text that differs. */
function parse(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

function read(value: string): Fields {
  const parsed = parse(value)
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : { value: parsed }
}

function labels(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(label => typeof label === 'string') : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
