import { object, string } from 'zod'
import { queryRows } from './psql.ts'
import type { LiveDatabase } from './server.ts'
import { asUsage, statementsExtensionQuery, usageSql, type Usage } from './usage.ts'

/** What code that runs now was seen doing: by the counters of tables, and by pg_stat_statements where it is there. */
export async function readUsage(live: LiveDatabase): Promise<Usage> {
  const attempted = `What is done on ${live.name} could not be read`
  const extension = object({ schema: string() })
  const [found] = await queryRows(live.server, live.name, statementsExtensionQuery, extension, { attempted })
  const row = object({ kind: string(), value: string() })
  return asUsage(await queryRows(live.server, live.name, usageSql(found?.schema), row, { attempted }))
}
