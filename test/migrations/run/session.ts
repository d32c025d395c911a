import { createRequire } from 'node:module'

/** One connection to PostgreSQL, by the driver that most Node.js applications use. */
export interface Session {
  query(sql: string, values?: readonly unknown[]): Promise<Answer>
  /** Named: the session keeps the statement prepared. */
  queryAs(call: { text: string; values: readonly unknown[]; name?: string; places: boolean }): Promise<Answer>
  /** Messages that came over channels since the last time. */
  heard(): string[]
  end(): Promise<void>
}

export interface Answer {
  rows: Readonly<Record<string, unknown>>[] | unknown[][]
  rowCount: number | null
}

interface Client {
  connect(): Promise<void>
  query(config: {
    text: string
    values: readonly unknown[]
    name?: string
    rowMode?: 'array'
  }): Promise<Answer | Answer[]>
  query(sql: string): Promise<Answer | Answer[]>
  on(event: 'notification', told: (message: { channel: string; payload: string }) => void): void
  on(event: 'error', told: () => void): void
  end(): Promise<void>
}

const require = createRequire(new URL('../tools/package.json', import.meta.url))
const { Client: PgClient } = require('pg') as { Client: new (options: { connectionString: string }) => Client }

export async function openSession(url: string): Promise<Session> {
  const client = new PgClient({ connectionString: url })
  const heard: string[] = []
  client.on('error', () => undefined)
  client.on('notification', ({ channel, payload }) => heard.push(`${channel}: ${payload}`))
  await client.connect()
  return {
    query: async (sql, values) =>
      last(await (values === undefined ? client.query(sql) : client.query({ text: sql, values }))),
    queryAs: async ({ text, values, name, places }) =>
      last(
        await client.query({
          text,
          values,
          ...(name === undefined ? {} : { name }),
          ...(places ? { rowMode: 'array' } : {}),
        }),
      ),
    heard: () => heard.splice(0),
    end: () => client.end(),
  }
}

export async function rowsOf<T>(session: Session, sql: string): Promise<T[]> {
  return (await session.query(sql)).rows as T[]
}

/** A text of several statements has several answers. */
function last(answer: Answer | Answer[]): Answer {
  return Array.isArray(answer) ? (answer.at(-1) ?? { rows: [], rowCount: null }) : answer
}

export function asRole(url: string, role: string, password: string): string {
  const other = new URL(url)
  other.username = role
  other.password = password
  return other.href
}

export function onDatabase(url: string, database: string): string {
  const other = new URL(url)
  other.pathname = `/${database}`
  return other.href
}
