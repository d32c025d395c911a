/** One migration, the application that is running meanwhile, and what happens to that application. */
export interface MigrationCase {
  name: string
  app: App
  /** SQL that is there besides the app's own schema. */
  given?: string
  /** SQL, or how a tool is to run it. */
  migration: string | ToolMigration
  /** Statements run one by one, each on its own: the way of CREATE INDEX CONCURRENTLY. */
  oneByOne?: boolean
  /** Calls of the old application beside the app's own. */
  oldCode?: readonly Call[]
  /** What the new release writes before the old one is asked again: they run side by side, and a rollback keeps it. */
  newCode?: string
  /** Takes back what a migration did to the whole server: roles belong to no database. */
  afterwards?: string
  /** A query that returns true when the migration did what it promised. */
  promises?: string
  /** What we think; the corpus finds out by running the old code. */
  truth: Truth
}

/** fails: the migration ends with an error. lies: it claims success and has not done its work. */
export type Truth = 'safe' | 'breaking' | 'fails' | 'lies'

export interface App {
  name: string
  schema: string
  calls: readonly Call[]
  /** Who the old application logs in as; the owner of everything when not said. */
  role?: string
}

/** One statement of the old application. What it answers must be the same after the migration as before it. */
export interface Call {
  sql: string
  values?: readonly unknown[]
  /** What it sends from the migration on: rows of a kind that were allowed all along, and had not come yet. */
  later?: string
  /** Kept prepared by the session under this name, as drivers do. */
  prepared?: string
  /** How the answer is read: by the names of columns (more of them do no harm), or by their places. */
  read?: 'names' | 'places'
  /** Another role than the app's. */
  as?: string
  /** The statement makes somebody who listens on this channel get a message, and that is the answer. */
  hears?: string
}

export interface ToolMigration {
  tool: 'prisma' | 'drizzle' | 'node-pg-migrate' | 'knex'
  /** Migrations that were applied before, then those of the new release: names and their SQL (or JavaScript). */
  applied?: Readonly<Record<string, string>>
  pending: Readonly<Record<string, string>>
  /** Ways in which tools have been seen to claim success: an engine that does nothing, a journal out of order. */
  trick?: 'engine does nothing' | 'older than the last one' | 'no folder'
}
