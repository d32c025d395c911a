import { SlipwayError, type ErrorDetails } from '../../support/errors.ts'
import { label, releaseOf, withinHold, type Context, type Step } from '../context.ts'
import type { Facts, SchemaChange } from '../model.ts'
import type { Database, DatabaseState, JobResult } from '../ports.ts'

/** Runs the migration of the new release, or brings the prepared older data in. Verified from the database, not from exit codes. */
export const migrate: Step = {
  name: 'migrate',
  does: context => (context.plan.data.kind === 'restore' ? 'Swap the older data in' : 'Migrate the database'),
  skip(context) {
    if (context.plan.data.kind === 'restore') return undefined
    return context.plan.migration.kind === 'pending' ? undefined : context.plan.migration.why
  },
  async apply(context) {
    const { database } = context.ports
    if (database === undefined) return runMigrator(context)
    return context.plan.data.kind === 'restore'
      ? swapOlderDataIn(context, database)
      : migrateAndProve(context, database)
  },
  undo: {
    does: context => (context.facts.snapshot === undefined ? 'Bring the data back' : 'Swap the snapshot back in'),
    async run(context) {
      const { database, engine } = context.ports
      const { snapshot, replacement, leftBehind } = context.facts
      if (database === undefined) return
      await engine.remove(releaseOf(context), 'at-once')
      // Once it is known what was left behind, the snapshot is live: by now that may be dropped, and writes may be in this.
      if (snapshot !== undefined && leftBehind === undefined) {
        await context.learn({ leftBehind: await database.swapIn(snapshot.database, label(context)) })
      }
      if (replacement !== undefined) await swapOlderDataOut(context, database, replacement)
    },
  },
}

async function migrateAndProve(context: Context, database: Database): Promise<string> {
  const startedAt = context.ports.clock.monotonic()
  const [before, networks] = await Promise.all([
    database.state(),
    isOnline(context) ? context.ports.engine.databaseNetworks(releaseOf(context)) : undefined,
  ])
  await (networks === undefined ? runMigrator(context) : migrateOnline(context, database, before, networks))
  const [after] = await Promise.all([database.state(), database.proveMigrated(releaseOf(context), context.plan.config)])
  const changes = database.compare(before, after)
  const seconds = Math.round(context.ports.clock.monotonic() - startedAt) / 1000
  await context.learn({ migration: { changed: before.fingerprint !== after.fingerprint, seconds, changes } })
  const breaking = changes.filter(change => change.breaking)
  if (changes.length === 0) return 'the schema is as it was'
  return `${changes
    .map(change => change.what)
    .slice(0, 3)
    .join(', ')}${changes.length > 3 ? ` and ${changes.length - 3} more` : ''}${
    breaking.length > 0 ? ' · old code can not live with it' : ' · only additions'
  }`
}

async function runMigrator(context: Context): Promise<undefined> {
  const result = await startMigrator(context)
  if (result === undefined || result.exitCode === 0) return undefined
  const { current } = context.plan
  throw migratorFailed(context, result, {
    state: current === undefined ? 'nothing serves yet' : `${current.id} goes on serving, on the data as it was before`,
  })
}

/** Beside the old release, which lives with the new schema. Whoever waits for a lock keeps everybody behind it waiting. */
async function migrateOnline(
  context: Context,
  database: Database,
  before: DatabaseState,
  networks: string[],
): Promise<void> {
  const { clock } = context.ports
  for (let attempt = 1; ; attempt++) {
    const { result, cancelled } = await database.withLockGuard(networks, lockWaitMs, () => startMigrator(context))
    if (result === undefined || result.exitCode === 0) return
    const after = await database.state()
    const untouched = await database.forgetFailedMigration(before, after)
    if (cancelled > 0 && untouched && attempt < attempts) {
      context.note(`a table was locked for more than ${lockWaitMs / 1000} s: the migration gave way and tries again`)
      await clock.sleep(500 * attempt)
      continue
    }
    throw migratorFailed(context, result, onlineFailure(context, cancelled, untouched, database.compare(before, after)))
  }
}

function onlineFailure(context: Context, cancelled: number, untouched: boolean, changes: SchemaChange[]): ErrorDetails {
  const serves = `${context.plan.current?.id} goes on serving`
  const kept = cancelled === 0 ? undefined : `tables it needs stayed locked for more than ${lockWaitMs / 1000} s`
  const why =
    kept === undefined ? {} : { why: kept, next: 'Look at what holds the locks (pg_stat_activity), then deploy again.' }
  if (untouched) return { ...why, state: `${serves}, on the data as it was before` }
  const what = changes.map(change => change.what).slice(0, 5)
  return {
    ...why,
    state: `${serves}, but the migration was done in part: ${what.join(', ')}. The backup before it is ${context.facts.backup?.file ?? 'not there'}`,
  }
}

function isOnline(context: Context): boolean {
  return context.facts.held === undefined && context.plan.current !== undefined
}

async function startMigrator(context: Context): Promise<JobResult | undefined> {
  const job = context.plan.config.migrate
  if (job === undefined) return undefined
  return context.ports.engine.migrate(releaseOf(context), job, withinHold(context, job.timeoutMs))
}

function migratorFailed(context: Context, result: JobResult, details: ErrorDetails): SlipwayError {
  return new SlipwayError('MIGRATION_FAILED', `The migration of ${releaseOf(context).id} failed`, {
    why: result.timedOut ? 'it did not end in time' : `the migrator exited with code ${result.exitCode}`,
    output: result.output,
    next: 'Mend the migration and deploy again.',
    ...details,
  })
}

/** While it waits, an app with a small pool has no connection left for anything: so it gives way early, and often. */
const lockWaitMs = 1000
const attempts = 10

async function swapOlderDataIn(context: Context, database: Database): Promise<string> {
  const { replacement } = context.facts
  if (replacement === undefined) throw new SlipwayError('BUG', 'The older data was not prepared')
  const leftBehind = await database.swapIn(replacement.database, label(context))
  await context.learn({ leftBehind })
  return `what was live is kept as ${leftBehind}`
}

/** Also when the process died between the swap and the note of it: then the older data is not beside the live data any more. */
async function swapOlderDataOut(
  context: Context,
  database: Database,
  { database: olderData, dropping }: NonNullable<Facts['replacement']>,
): Promise<void> {
  if (context.facts.discarded !== undefined || dropping === true) return
  let { leftBehind } = context.facts
  if (leftBehind === undefined) {
    if ((await database.leftBehind()).includes(olderData)) return
    leftBehind = await database.swapIn(olderData, label(context))
    await context.learn({ leftBehind })
  }
  await context.learn({ discarded: await database.swapIn(leftBehind, label(context)) })
}
