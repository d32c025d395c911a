import { releaseOf, type Context, type Step } from '../context.ts'
import type { Release } from '../model.ts'

/** Old releases, images, backups and left-behind databases, by policy. A failure here harms nobody: it is a note. */
export const prune: Step = {
  name: 'prune',
  does: () => 'Remove what the retention policy no longer keeps',
  async apply(context) {
    // None needs what another removes.
    const parts = [pruneReleases, pruneDatabases, pruneBackups].map(part => asFarAsPossible(part, context))
    const removed = (await Promise.all(parts)).flat()
    return removed.length === 0 ? undefined : `removed ${removed.join(', ')}`
  },
}

async function asFarAsPossible(part: typeof pruneReleases, context: Context): Promise<string[]> {
  try {
    return await part(context)
  } catch (error) {
    context.note(`pruning was not complete: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}

async function pruneReleases(context: Context): Promise<string[]> {
  const { ports, plan } = context
  const all = [...(await ports.releases.all())].sort((a, b) => number(b.id) - number(a.id))
  const warm = await ports.warm?.read()
  const pinned = new Set([releaseOf(context).id, plan.current?.id, warm?.release])
  const keep = all.filter((release, index) => index < plan.config.retention.releases || pinned.has(release.id))
  const gone = all.filter(release => !keep.includes(release))
  for (const release of gone) await ports.releases.remove(release.id)
  await ports.engine.prune(keep)
  return [...gone.map(release => release.id), ...(await retireLogins(context, all, keep))]
}

/** Asked only where there ever was one: a question to the database takes longer than all the rest. */
async function retireLogins(context: Context, all: readonly Release[], keep: readonly Release[]): Promise<string[]> {
  const { logins } = context.ports
  if (logins === undefined || !all.some(release => release.logins !== undefined)) return []
  const shut = await logins.retire(keep.flatMap(release => release.logins ?? []))
  return shut.map(login => `the login ${login}`)
}

async function pruneDatabases(context: Context): Promise<string[]> {
  const { database } = context.ports
  if (database === undefined) return []
  // Both at once would start a second psql, which takes longer than the question.
  await context.stateAtEnd
  const all = await database.leftBehind()
  // What a rollback left behind holds writes that are nowhere else: snapshots must not push it out.
  const left = all.filter(name => name.includes('__left_'))
  const snapshots = all.filter(name => !name.includes('__left_'))
  const { databases: kept } = context.plan.config.retention
  const gone = [left, snapshots].flatMap(names => ownFirst(names, context).slice(kept))
  for (const name of gone) await database.drop(name)
  return gone
}

/** What this very deployment made is the newest, whatever a clock that was set back says of it. */
function ownFirst(names: readonly string[], { facts }: Context): string[] {
  const own = names.filter(name => name === facts.snapshot?.database || name === facts.leftBehind)
  return [...own, ...names.filter(name => !own.includes(name))]
}

async function pruneBackups(context: Context): Promise<string[]> {
  const gone = await context.ports.backups.prune()
  return gone.map(file => file.slice(file.lastIndexOf('/') + 1))
}

function number(id: string): number {
  return Number(id.slice(1))
}
