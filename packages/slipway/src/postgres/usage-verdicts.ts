import type { Usage } from './usage.ts'

/** Why statements that were seen may not live with a new column; undefined: none was seen that minds it. */
export function minds(usage: Usage | undefined, table: string, column: string): string | undefined {
  const simple = lastName(table)
  const statements = (usage?.statements ?? []).filter(statement => mentions(statement, simple))
  if (statements.some(isUnlistedCopy)) return 'code of before copies the table without naming its columns'
  if (statements.some(statement => readsEveryColumn(statement)))
    return 'code of before reads all columns of it, whichever there are (select *)'
  if (statements.some(statement => isJoin(statement) && mentions(statement, column)))
    return 'code of before uses a column of this name without saying of which table'
  return undefined
}

/** Whether rows of the table may be deleted: when somebody looked, and could not tell, they may. */
export function mayDelete(usage: Usage, table: string): boolean {
  return usage.deletes === undefined || usage.deletes.includes(table) || truncates(usage, table)
}

export function truncates(usage: Usage | undefined, table: string): boolean {
  return (usage?.statements ?? []).some(
    statement => /\btruncate\b/i.test(statement) && mentions(statement, lastName(table)),
  )
}

/** `public."My Table"` → `My Table`. */
export function lastName(name: string): string {
  const last = /(?:"((?:[^"]|"")*)"|([^."]+))$/.exec(name)
  return last?.[1]?.replaceAll('""', '"') ?? last?.[2] ?? name
}

function mentions(statement: string, name: string): boolean {
  const word = name.replace(/[^\w]/g, '\\$&')
  return new RegExp(`(?<![\\w$])${word}(?![\\w$])`, 'iu').test(statement)
}

/** `count(*)` and a product are no such star. */
function readsEveryColumn(statement: string): boolean {
  return /(?:\b(?:select|returning|distinct|all)\s+|,\s*|\.\s*)\*/i.test(statement)
}

function isUnlistedCopy(statement: string): boolean {
  return /^\s*copy\s+(?!\()(?:(?:"(?:[^"]|"")*"|[\w$]+)\s*\.\s*)?(?:"(?:[^"]|"")*"|[\w$]+)\s+(?:from|to)\b/i.test(
    statement,
  )
}

function isJoin(statement: string): boolean {
  return /\bjoin\b|\bfrom\b[^()]*,|\busing\b|\bnatural\b|\(\s*select\b|\bupdate\b.*\bfrom\b/is.test(statement)
}
