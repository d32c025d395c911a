import { readState } from '../postgres/catalog.ts'
import { countRows, tableFiles, type RowCount, type TableFile } from '../postgres/rehearsal-copy.ts'
import type { LiveDatabase } from '../postgres/server.ts'
import type { DatabaseState } from '../release/ports.ts'

/** All that a migration could change of a copy on which nobody else works. */
export interface Look {
  state: DatabaseState
  files: TableFile[]
  rows: RowCount
}

/** `before`: what it is to be compared with. Two programs at once, each of which asks one thing after the other. */
export async function lookAt(copy: LiveDatabase, before?: Look): Promise<Look> {
  const [rows, { state, files }] = await Promise.all([
    countRows(copy, before?.rows.tables),
    readState(copy).then(async state => ({ state, files: await tableFiles(copy) })),
  ])
  return { state, files, rows }
}
