import { SlipwayError } from '../../support/errors.ts'
import { releaseOf, withinHold, type Context } from '../context.ts'
import { untilDecided } from './following.ts'
import { sideOf } from './side.ts'

/** On the database's server: where the others find the new release's way to it is told with all that is decided. */
export async function offerPath(context: Context): Promise<void> {
  const release = releaseOf(context)
  const { path } = context.ports
  if (release.path?.kind !== 'offered' || path === undefined) return
  await context.learn({ path: await path.offer(release) })
}

/** Elsewhere, while the database is still migrated: whether it is reached shows before anything is started. */
export async function takePath(context: Context): Promise<void> {
  const release = releaseOf(context)
  const side = sideOf(context)
  if (release.path?.kind !== 'taken') return
  const { path } = context.ports
  if (side?.role !== 'follows' || path === undefined) {
    throw new SlipwayError('BUG', `${release.id} needs a database of another server, and there is none`)
  }
  const start = await untilDecided(context, side, decisions => decisions.path)
  await context.learn({ path: start })
  await path.take(release, start, withinHold(context, answersWithinMs))
}

const answersWithinMs = 20_000
