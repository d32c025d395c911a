import { object, string } from 'zod'
import { queryLive } from './databases.ts'
import type { LiveDatabase } from './server.ts'
import { asUsage, statementsExtensionQuery, usageSql, type Usage } from './usage.ts'

/** What code of before was seen doing on the live database, which is only looked at. */
export async function readUsage(live: LiveDatabase): Promise<Usage> {
  const attempted = `What is done on ${live.name} could not be read`
  const [found] = await queryLive(live, statementsExtensionQuery, object({ schema: string() }), { attempted })
  const row = object({ kind: string(), value: string() })
  return asUsage(await queryLive(live, usageSql(found?.schema), row, { attempted }))
}
