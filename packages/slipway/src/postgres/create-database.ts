import type { DatabaseProperties } from './properties.ts'
import { identifier, literal } from './sql.ts'

/**
 * An empty database of the same encoding, collation and place as another one: sorting and comparing stay the same.
 * Without an owner it belongs to whoever makes it.
 */
export function createFromScratchSql(name: string, like: DatabaseShape): string {
  const options = [
    'template template0',
    ...(like.owner === undefined ? [] : [`owner ${identifier(like.owner)}`]),
    `encoding ${literal(like.encoding)}`,
    `lc_collate ${literal(like.collate)}`,
    `lc_ctype ${literal(like.ctype)}`,
    ...localeProvider(like),
    `tablespace ${identifier(like.tablespace)}`,
  ]
  return `create database ${identifier(name)} ${options.join(' ')};`
}

export type DatabaseShape = Pick<DatabaseProperties, 'encoding' | 'collate' | 'ctype' | 'tablespace' | 'row'> & {
  owner?: string
}

/** Since PostgreSQL 15 a database may sort by ICU, since 17 by rules built into the server. */
function localeProvider({ row }: DatabaseShape): string[] {
  const locale = row.datlocale ?? row.daticulocale
  const rules = row.daticurules == null ? [] : [`icu_rules ${literal(row.daticurules)}`]
  if (row.datlocprovider === 'i' && locale != null)
    return ['locale_provider icu', `icu_locale ${literal(locale)}`, ...rules]
  if (row.datlocprovider === 'b' && locale != null)
    return ['locale_provider builtin', `builtin_locale ${literal(locale)}`]
  if (row.datlocprovider === 'c') return ['locale_provider libc']
  return []
}
