import { releaseOf, withinHold, type Context, type Step } from '../context.ts'
import { offerPath } from '../several/path.ts'
import { stillRuns } from '../warm.ts'

/** Brings databases, caches and volumes to the release's definitions, and connects them to its networks. */
export const state: Step = {
  name: 'state',
  does: () => 'Bring up and connect databases and other state',
  skip: stillRuns,
  async apply(context) {
    const release = releaseOf(context)
    const { changed } = await context.ports.engine.ensureState(release, () => context.learn({ stateChanged: true }))
    // Behind the fence nobody outside gets in, and a database that was there before is not set up anew.
    if (changed.length > 0 && context.facts.fenced !== true) await databaseAnswers(context)
    await offerPath(context)
    return changed.length === 0 ? 'as they were' : changed.join(', ')
  },
  undo: {
    does: context =>
      context.facts.stateChanged === true && context.plan.current !== undefined
        ? `Bring state services back to ${context.plan.current.id}`
        : 'Disconnect state services from the new release',
    async run(context) {
      await context.ports.engine.remove(releaseOf(context), 'at-once')
      const { current } = context.plan
      if (context.facts.stateChanged === true && current !== undefined) await context.ports.engine.ensureState(current)
    },
  },
}

/**
 * A new database is first set up by a server that listens on its socket only: a health check by `pg_isready` takes it
 * for the real one. A login over the network shows the difference.
 */
async function databaseAnswers(context: Context): Promise<void> {
  const { clock, database, appDatabase, logins } = context.ports
  if (database === undefined) return
  const endsAt = clock.monotonic() + withinHold(context, startsWithinMs)
  for (;;) {
    try {
      // One that is new has none of ours yet.
      await logins?.provide()
      // Either will do: the app's role may come with its first migration, the image's password may have been changed since.
      return await database.proveLogin().catch((error: unknown) => {
        if (appDatabase === undefined) throw error
        return appDatabase.proveLogin()
      })
    } catch (error) {
      if (clock.monotonic() >= endsAt) throw error
      await clock.sleep(200)
    }
  }
}

const startsWithinMs = 60_000
