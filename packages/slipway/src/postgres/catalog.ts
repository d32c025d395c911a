import { createHash } from 'node:crypto'
import { array, object, string } from 'zod'
import type { Catalog, DatabaseState } from '../release/ports.ts'
import { catalogSql } from './catalog-sql.ts'
import { queryLive } from './databases.ts'
import { ledgerPart, ledgerTablesQuery } from './migrator-ledgers.ts'
import type { LiveDatabase } from './server.ts'

/** The schema and the migrator's ledger as they are now. */
export async function readState(live: LiveDatabase): Promise<DatabaseState> {
  const attempted = `The schema of ${live.name} could not be read`
  const ledger = object({ schema: string(), table: string(), columns: array(string()) })
  const ledgers = await queryLive(live, ledgerTablesQuery, ledger, { attempted })
  const sql = catalogSql(ledgers.map(ledgerPart).filter(part => part !== undefined))
  const rows = await queryLive(live, sql, object({ key: string(), value: string() }), { attempted })
  return asState(rows)
}

/** Pure. Equal databases have equal fingerprints, whatever order the rows come in. */
export function asState(rows: readonly { key: string; value: string }[]): DatabaseState {
  const sorted = [...rows].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.value < b.value ? -1 : 1))
  const catalog: Catalog = Object.fromEntries(sorted.map(({ key, value }) => [key, value]))
  return {
    catalog,
    fingerprint: createHash('sha256')
      .update(JSON.stringify(sorted.map(row => [row.key, row.value])))
      .digest('hex'),
  }
}
