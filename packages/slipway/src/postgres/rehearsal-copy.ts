import { Readable } from 'node:stream'
import { number, object, string, type infer as Infer } from 'zod'
import { SlipwayError } from '../support/errors.ts'
import { stream } from '../support/stream.ts'
import { runBeside } from './databases.ts'
import { copyPropertiesSql, readProperties } from './properties.ts'
import { localConnection, messageOf, psqlArgv, queryRows } from './psql.ts'
import { isReachable } from './reach.ts'
import { restoreBackup } from './restore.ts'
import { execArgv, target, type DatabaseServer, type LiveDatabase } from './server.ts'
import { swapIn } from './swap.ts'

/** Brings a backup into a throwaway server, under the name and with the roles and settings of the live database. */
export async function fillCopy(live: LiveDatabase, copy: LiveDatabase, file: string): Promise<void> {
  await untilReady(copy)
  await copyRoles(live.server, copy.server)
  const restored = await restoreBackup(copy, file, 'rehearsal')
  await swapIn(copy, restored, 'rehearsal')
  await runBeside(copy, copyPropertiesSql(await readProperties(live), copy.name))
}

/** The image starts a server for its first set-up, stops it, and then starts the real one. */
async function untilReady(copy: LiveDatabase): Promise<void> {
  const deadline = Date.now() + startsWithinMs
  while (!(await isReachable(copy))) {
    if (Date.now() > deadline) {
      throw new SlipwayError('REHEARSAL_FAILED', 'The throwaway PostgreSQL of the rehearsal does not answer', {
        why: `not ready after ${startsWithinMs / 1000} s`,
        state: 'production was not touched',
        next: 'See whether the machine has memory left, or set rehearse: off.',
      })
    }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** Roles belong to the server and are in no dump. Those the image made itself are there already: that is no mistake. */
async function copyRoles(from: DatabaseServer, to: DatabaseServer): Promise<void> {
  const source = await target(from)
  const roles = await stream(
    'docker',
    execArgv(source.container, ['pg_dumpall', '--roles-only', '-w', '-d', localConnection(from, 'template1')], {
      environment: Object.keys(source.environment),
    }),
    { environment: source.environment, keep: 'all' },
  )
  if (roles.exitCode !== 0) {
    throw new SlipwayError('REHEARSAL_FAILED', 'The roles of the database could not be read', {
      why: messageOf(roles.stderr),
      state: 'production was not touched',
    })
  }
  const destination = await target(to)
  const argv = psqlArgv(localConnection(to, 'template1')).map(word =>
    word === 'ON_ERROR_STOP=1' ? 'ON_ERROR_STOP=0' : word,
  )
  await stream('docker', execArgv(destination.container, argv, { environment: Object.keys(destination.environment) }), {
    environment: destination.environment,
    input: Readable.from([roles.stdout]),
  })
}

/** Which file each table lies in, and how big it is: a table with another file was written anew. */
export async function tableFiles(live: LiveDatabase): Promise<TableFile[]> {
  return queryRows(live.server, live.name, tableFilesQuery, tableFile, { attempted: 'The tables could not be listed' })
}

/** Pure: what was written anew. */
export function rewritten(before: readonly TableFile[], after: readonly TableFile[]): TableFile[] {
  const files = new Map(after.map(table => [table.oid, table.file]))
  return before.filter(table => files.has(table.oid) && files.get(table.oid) !== table.file)
}

const tableFile = object({ oid: number(), table: string(), file: number(), bytes: number() })
export type TableFile = Infer<typeof tableFile>

const tableFilesQuery = `
select c.oid::int8 as oid, n.nspname || '.' || c.relname as table, pg_catalog.pg_relation_filenode(c.oid)::int8 as file,
       pg_catalog.pg_total_relation_size(c.oid) as bytes
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

const startsWithinMs = 60_000
