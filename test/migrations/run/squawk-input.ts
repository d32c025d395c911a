import { createHash } from 'node:crypto'
import type { MigrationCase } from '../case.ts'

/** As squawk gets it: one file; JavaScript is not for it. */
export function sqlOf({ migration }: MigrationCase): string | undefined {
  if (typeof migration === 'string') return `${migration};\n`
  const files = Object.entries(migration.pending)
  return files.some(([name]) => name.endsWith('js')) ? undefined : files.map(([, sql]) => sql).join('\n')
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
