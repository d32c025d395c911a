import { SlipwayError } from '../../support/errors.ts'
import { label, releaseOf, withinHold, type Context, type Step } from '../context.ts'
import type { Database } from '../ports.ts'

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
      if (snapshot !== undefined) {
        await context.learn({ leftBehind: await database.swapIn(snapshot.database, label(context)) })
      }
      if (replacement !== undefined && leftBehind !== undefined) await database.swapIn(leftBehind, label(context))
    },
  },
}

async function migrateAndProve(context: Context, database: Database): Promise<string> {
  const startedAt = context.ports.clock.monotonic()
  const before = await database.state()
  await runMigrator(context)
  await database.proveMigrated(releaseOf(context), context.plan.config)
  const after = await database.state()
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
  const job = context.plan.config.migrate
  if (job === undefined) return undefined
  const result = await context.ports.engine.migrate(releaseOf(context), job, withinHold(context, job.timeoutMs))
  if (result.exitCode === 0) return undefined
  throw new SlipwayError('MIGRATION_FAILED', `The migration of ${releaseOf(context).id} failed`, {
    why: result.timedOut ? 'it did not end in time' : `the migrator exited with code ${result.exitCode}`,
    output: result.output,
    state: stateOf(context),
    next: 'Mend the migration and deploy again.',
  })
}

function stateOf(context: Context): string {
  const { current } = context.plan
  return current === undefined ? 'nothing serves yet' : `${current.id} goes on serving, on the data as it was before`
}

async function swapOlderDataIn(context: Context, database: Database): Promise<string> {
  const { replacement } = context.facts
  if (replacement === undefined) throw new SlipwayError('BUG', 'The older data was not prepared')
  const leftBehind = await database.swapIn(replacement.database, label(context))
  await context.learn({ leftBehind })
  return `what was live is kept as ${leftBehind}`
}
