/** A key of the catalog, taken apart: `column public.feedings.amount_ml`. */
export interface SchemaKey {
  kind: string
  /** As SQL quotes it, with its schema. */
  name: string
  /** The table or view it is a part of, as in `public.feedings`. */
  relation?: string
}

export function parseKey(key: string): SchemaKey {
  const kind = kinds.find(candidate => key.startsWith(`${candidate} `)) ?? key.slice(0, key.indexOf(' '))
  const name = key.slice(kind.length + 1)
  if (kind === 'column order') return { kind, name, relation: name }
  if (!partsOfRelations.has(kind)) return { kind, name }
  const relation = relationPattern.exec(name)?.[0]
  return relation === undefined ? { kind, name } : { kind, name, relation }
}

/** What a person calls it: without the schema everybody is in. */
export function shortName(name: string): string {
  return name.startsWith('public.') ? name.slice('public.'.length) : name
}

/** A ledger's row by what the migrator calls it, without the table and without Prisma's row id. */
export function migrationName(name: string): string {
  return name.replace(/^"(?:[^"]|"")*"\."(?:[^"]|"")*" /, '').replace(/ [0-9a-f]{8}-[0-9a-f-]{27}$/, '')
}

/** The places where a grant's key may be split into object and role; quoted names may hold ` to ` themselves. */
export function grantedObjects(name: string): string[] {
  return [...name.matchAll(/ to /g)].map(match => name.slice(0, match.index))
}

const grantKinds = ['grant column', 'grant table', 'grant schema', 'grant sequence', 'grant function', 'grant database']
const kinds = ['event trigger', 'column order', 'search configuration', 'search dictionary', ...grantKinds]
const partsOfRelations = new Set(['column', 'constraint', 'index', 'trigger', 'policy', 'rule', 'grant column'])
const oneName = '(?:"(?:[^"]|"")*"|[^."]+)'
const relationPattern = new RegExp(`^${oneName}\\.${oneName}(?=\\.)`)
