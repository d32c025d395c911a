import { setTimeout as pause } from 'node:timers/promises'
import type { MigrationCase, Truth } from '../case.ts'
import type { Laboratory } from './laboratory.ts'
import { heldLocks, newFiles, tableFiles } from './locks.ts'
import { firstDifference, OldApplication, type Given } from './old-application.ts'
import { judgements, look, seenUsage, type Judgement } from './product.ts'
import { rowsOf, type Session } from './session.ts'
import { runTool } from './tools.ts'

export interface Observation {
  truth: Truth
  /** What broke, failed or was not done. */
  because: string
  ours: Judgement | { verdict: 'fails' | 'lies'; because: string }
  /** Less well informed, for comparison. */
  unseen: Judgement['verdict'] | 'fails'
  schemaAlone: Judgement['verdict'] | 'fails'
  /** Undefined: not seen (a tool ran it, or each statement was a transaction of its own). */
  locks?: string[]
  rewritten: string[]
}

/** Lets the old application work on two equal databases, migrates one of them, and lets it work on. */
export async function observe(laboratory: Laboratory, migrationCase: MigrationCase): Promise<Observation> {
  const { app, given, oldCode = [], newCode, afterwards } = migrationCase
  const usual = await answersAsUsual(laboratory, migrationCase)
  const database = await laboratory.database(app, given)
  const old = new OldApplication(app, oldCode, role => laboratory.urlOf(database, role))
  try {
    await settle(old)
    return await laboratory.within(database, async observer => {
      const before = await look(observer)
      const filesBefore = await tableFiles(observer)
      const usage = await seenUsage(observer, old.statements)
      const migration = await migrate(laboratory, database, migrationCase, observer)
      await quiet(observer, old)
      const after = await look(observer, before)
      const rewritten = newFiles(filesBefore, await tableFiles(observer))
      const { full, unseen, schemaAlone } = judgements(before, after, usage)
      const seen = { rewritten, ...(migration.locks === undefined ? {} : { locks: migration.locks }) }
      if (migration.failed !== undefined) {
        const ours = { verdict: 'fails', because: migration.failed } as const
        return { truth: 'fails', because: migration.failed, ours, unseen: 'fails', schemaAlone: 'fails', ...seen }
      }
      if (!(await isDone(observer, migrationCase))) {
        const { disagreement } = migration
        const ours = disagreement === undefined ? full : ({ verdict: 'lies', because: disagreement } as const)
        return {
          truth: 'lies',
          because: 'success was claimed',
          ours,
          unseen: unseen.verdict,
          schemaAlone: schemaAlone.verdict,
          ...seen,
        }
      }
      if (newCode !== undefined) await laboratory.within(database, session => session.query(newCode))
      const because = await whatBreaks(usual, old)
      const truth = because === undefined ? 'safe' : 'breaking'
      return {
        truth,
        because: because ?? '',
        ours: full,
        unseen: unseen.verdict,
        schemaAlone: schemaAlone.verdict,
        ...seen,
      }
    })
  } finally {
    await old.reconnect().catch(() => undefined)
    await laboratory.drop(database)
    if (afterwards !== undefined) await laboratory.afterwards(afterwards)
  }
}

/** The old code has been at work for long: its statements are prepared, its rows are there. */
async function settle(old: OldApplication): Promise<void> {
  const failed = firstDifference([], await old.work('before'))
  if (failed !== undefined) throw new Error(`the old code does not even work before the migration: ${failed}`)
  await old.reportStatistics()
}

const known = new Map<string, Given[][]>()

/** What the old code answers where nothing is migrated; asked once for all cases that begin alike. */
async function answersAsUsual(laboratory: Laboratory, { app, given, oldCode = [] }: MigrationCase): Promise<Given[][]> {
  const key = JSON.stringify([app.name, given, oldCode])
  const answered = known.get(key)
  if (answered !== undefined) return answered
  const database = await laboratory.database(app, given)
  const old = new OldApplication(app, oldCode, role => laboratory.urlOf(database, role))
  try {
    await settle(old)
    const answers: Given[][] = []
    for (const round of rounds) {
      if (round === 'on new connections') await old.reconnect()
      answers.push(await old.work('later'))
    }
    known.set(key, answers)
    return answers
  } finally {
    await old.reconnect().catch(() => undefined)
    await laboratory.drop(database)
  }
}

/** Once on the sessions that were there, once on new ones. */
const rounds = ['on old connections', 'on new connections'] as const

async function whatBreaks(usual: readonly Given[][], application: OldApplication): Promise<string | undefined> {
  for (const [place, round] of rounds.entries()) {
    if (round === 'on new connections') await application.reconnect()
    const difference = firstDifference(usual[place] ?? [], await application.work('later'))
    if (difference !== undefined) return difference
  }
  return undefined
}

interface Migrated {
  failed?: string
  locks?: string[]
  disagreement?: string | undefined
}

async function migrate(
  laboratory: Laboratory,
  database: string,
  migrationCase: MigrationCase,
  observer: Session,
): Promise<Migrated> {
  const { migration, oneByOne = false } = migrationCase
  if (typeof migration !== 'string') return runTool(migration, laboratory.urlOf(database), observer)
  const known = new Set((await tableFiles(observer)).keys())
  return laboratory.within(database, async session => {
    try {
      if (oneByOne) {
        for (const statement of migration.split(/;\s*\n/).filter(text => text.trim() !== ''))
          await session.query(statement)
        return {}
      }
      const [own] = await rowsOf<{ pid: number }>(session, 'select pg_catalog.pg_backend_pid() as pid')
      await session.query('begin')
      await session.query(migration)
      const partitioned = await rowsOf<{ table: string }>(
        observer,
        `select oid::regclass::text as table from pg_catalog.pg_class where relkind = 'p'`,
      )
      const locks = await heldLocks(observer, own?.pid ?? 0, new Set([...known, ...partitioned.map(row => row.table)]))
      await session.query('commit')
      return { locks }
    } catch (error) {
      await session.query('rollback').catch(() => undefined)
      return { failed: error instanceof Error ? error.message : String(error) }
    }
  })
}

async function isDone(session: Session, { promises }: MigrationCase): Promise<boolean> {
  if (promises === undefined) return true
  const [row] = await rowsOf<Record<string, unknown>>(session, promises)
  return Object.values(row ?? {})[0] === true
}

/** Sessions hand in their counters when they end, a moment after the client has gone. */
async function quiet(observer: Session, application: OldApplication): Promise<void> {
  await application.reportStatistics()
  for (let tries = 0; tries < 200; tries++) {
    const others = await rowsOf(
      observer,
      `select 1 from pg_catalog.pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state = 'active'
       or (datname = current_database() and backend_start > (select max(backend_start) from pg_catalog.pg_stat_activity where pid = pg_backend_pid()) and pid <> pg_backend_pid())`,
    )
    if (others.length === 0) return
    await pause(5)
  }
}
