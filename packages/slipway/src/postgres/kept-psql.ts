import type { RunResult } from '../support/run.ts'
import { PsqlProgram } from './psql-program.ts'
import { execArgv, target, type DatabaseServer } from './server.ts'

/**
 * Runs SQL as a psql of its own would, in a session that begins now and has ended when this returns, but without the
 * tenth of a second that starting a program in a container takes: psql stays for a moment, and connects anew each time.
 * Between two uses it waits at a database where it is in nobody's way. Two at once are two programs.
 */
export async function runInKeptPsql(server: DatabaseServer, order: PsqlOrder): Promise<RunResult> {
  const psql = await connected(server, order)
  const result = await psql.program.run(order.input, order.timeoutMs)
  if (order.connection !== order.waitsAt) await moved(psql, order.waitsAt)
  await keep(server, psql)
  return result
}

export interface PsqlOrder {
  /** psql's command line for a connection. */
  argv(connection: string): string[]
  connection: string
  /** The connection at which psql waits for the next use. */
  waitsAt: string
  input: string
  timeoutMs: number
}

/** Tries a connection from a psql that waits, and ends it. Undefined: none waits, or it did not get to try. */
export async function connectFromKeptPsql(server: DatabaseServer, connection: string): Promise<RunResult | undefined> {
  const psql = await waiting(server)
  const command = connectCommand(connection)
  if (psql === undefined || command === undefined) return undefined
  const result = await psql.program.run(command, moveTimeoutMs)
  await psql.program.close()
  return result
}

/** Undefined: psql can not be told, because its commands end with the line. */
export function connectCommand(connection: string): string | undefined {
  if (/[\r\n\0]/.test(connection)) return undefined
  return `\\connect -reuse-previous=off '${connection.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

interface Kept {
  program: PsqlProgram
  container: string
  timer?: NodeJS.Timeout
}

async function connected(server: DatabaseServer, order: PsqlOrder): Promise<Kept> {
  const psql = await waiting(server)
  if (psql !== undefined && (await moved(psql, order.connection))) return psql
  // Also when it could not connect any more: a new one says best why.
  const { container, environment } = await target(server)
  const argv = execArgv(container, order.argv(order.connection), { environment: Object.keys(environment) })
  return { program: new PsqlProgram('docker', argv, environment), container }
}

/** psql exits when it can not connect, so that nothing is ever sent to the database where it was before. */
async function moved({ program }: Kept, connection: string): Promise<boolean> {
  const command = connectCommand(connection)
  if (program.usable && command !== undefined && (await program.run(command, moveTimeoutMs)).exitCode === 0) return true
  await program.close()
  return false
}

/** Takes one that waits, in the container that is the server's now. */
async function waiting(server: DatabaseServer): Promise<Kept | undefined> {
  const list = kept.get(server) ?? []
  const psql = list.pop()
  if (psql === undefined) return undefined
  clearTimeout(psql.timer)
  if (psql.program.usable && psql.container === (await server.container())) return psql
  await psql.program.close()
  return waiting(server)
}

async function keep(server: DatabaseServer, psql: Kept): Promise<void> {
  if (!psql.program.usable) return
  const list = kept.get(server) ?? []
  if (list.length >= most) return psql.program.close()
  kept.set(server, list)
  list.push(psql)
  psql.timer = setTimeout(() => {
    list.splice(list.indexOf(psql), 1)
    void psql.program.close()
  }, keptMs).unref()
}

const kept = new WeakMap<DatabaseServer, Kept[]>()

/** One for statements, and one for whatever is tried meanwhile. */
const most = 2
/** Less than the 5 seconds that PostgreSQL gives others to go when a database must have no sessions. */
const keptMs = 4000
const moveTimeoutMs = 5000
