import { asWrites, changedRows, type Writes } from '../../../packages/slipway/src/postgres/changed-rows.ts'
import { asState } from '../../../packages/slipway/src/postgres/catalog.ts'
import { catalogSql } from '../../../packages/slipway/src/postgres/catalog-sql.ts'
import { compare } from '../../../packages/slipway/src/postgres/compare.ts'
import { ledgerPart, ledgerTablesQuery } from '../../../packages/slipway/src/postgres/migrator-ledgers.ts'
import {
  writableTablesQuery,
  writesSql,
  type WritableTable,
  type WriteRow,
} from '../../../packages/slipway/src/postgres/rehearsal-writes.ts'
import { asUsage, usageSql, type Usage, type UsageRow } from '../../../packages/slipway/src/postgres/usage.ts'
import type { SchemaChange } from '../../../packages/slipway/src/release/model.ts'
import type { DatabaseState } from '../../../packages/slipway/src/release/ports.ts'
import { rowsOf, type Session } from './session.ts'

/** What the rehearsal knows of a database, read by the product's own statements. */
export interface Look {
  state: DatabaseState
  tables: WritableTable[]
  writes: Writes
}

export async function look(session: Session, before?: Look): Promise<Look> {
  await session.query(`set search_path = ''`)
  const ledgers = await rowsOf<{ schema: string; table: string; columns: string[] }>(session, ledgerTablesQuery)
  const sql = catalogSql(ledgers.map(ledgerPart).filter(part => part !== undefined))
  const state = asState(await rowsOf<{ key: string; value: string }>(session, sql))
  const tables = await rowsOf<WritableTable>(session, writableTablesQuery)
  const rows: WriteRow[] = []
  for (const query of writesSql(tables, before?.tables)) rows.push(...(await rowsOf<WriteRow>(session, query)))
  const writes = asWrites(rows)
  return { state, tables, writes }
}

/** The counters are the real ones; as a test is short, its few transactions are taken for many. */
export async function seenUsage(session: Session, statements: readonly string[]): Promise<Usage> {
  const rows = await rowsOf<UsageRow>(session, usageSql(undefined))
  return asUsage([
    { kind: 'transactions', value: '1000000' },
    ...rows.filter(row => row.kind === 'deletes'),
    ...statements.map(value => ({ kind: 'statement', value })),
  ])
}

/** `schemaAlone`: without a look at the rows, and without what was seen of the old code; `unseen`: without the latter. */
export function judgements(
  before: Look,
  after: Look,
  usage: Usage,
): { full: Judgement; unseen: Judgement; schemaAlone: Judgement } {
  const rows = changedRows(before.writes, after.writes)
  const schema = compare(before.state, after.state)
  return {
    full: judgement([...compare(before.state, after.state, usage), ...rows]),
    unseen: judgement([...schema, ...rows]),
    schemaAlone: judgement(schema),
  }
}

export interface Judgement {
  verdict: 'unchanged' | 'compatible' | 'breaking'
  because: string
}

function judgement(changes: readonly SchemaChange[]): Judgement {
  const breaking = changes.find(change => change.breaking)
  if (breaking !== undefined) return { verdict: 'breaking', because: breaking.what }
  return changes.length === 0
    ? { verdict: 'unchanged', because: '' }
    : { verdict: 'compatible', because: changes[0]?.what ?? '' }
}
