import { stageProject } from '../engine/rehearsal-document.ts'
import { clearStage, setStage, type Stage } from '../engine/rehearsal.ts'
import { readState } from '../postgres/catalog.ts'
import { compare } from '../postgres/compare.ts'
import { proveMigrated } from '../postgres/ledger.ts'
import { watchLocks } from '../postgres/lock-watch.ts'
import { fillCopy, rewritten, tableFiles } from '../postgres/rehearsal-copy.ts'
import type { DatabaseServer, LiveDatabase } from '../postgres/server.ts'
import type { Rehearsal, Release, SchemaChange, TableLock } from '../release/model.ts'
import type { Clock, Edge, Engine, JobResult, RehearsalOrder, Rehearsals } from '../release/ports.ts'
import { SlipwayError } from '../support/errors.ts'
import { askOldRelease } from './old-release.ts'

/** The port `Rehearsals` on the Docker Engine: a throwaway copy beside production, on a network that leads nowhere. */
export function rehearsals(parts: RehearsalParts): Rehearsals {
  return {
    run: (order, note) => rehearse(parts, order, note),
    remove: release => remove(parts, release),
  }
}

export interface RehearsalParts {
  /** The live database. */
  live: LiveDatabase
  /** The Compose service that runs it. */
  service: string
  engine: Engine
  clock: Clock
  /** Doors for the old release on its stage: an edge of that project, not of the app's. */
  stageEdge: Edge
  /** For the documents of the copy, which hold the app's variables. */
  directory: string
}

async function rehearse(
  parts: RehearsalParts,
  order: RehearsalOrder,
  note: (text: string) => void,
): Promise<Rehearsal> {
  await remove(parts, order.current)
  const { current, release: next } = order
  const stage = await setStage({ current, next, database: parts.service, directory: parts.directory })
  try {
    await stage.startState()
    const copy = copyOf(parts.live, stage)
    await fillCopy(parts.live, copy, order.backup.file)
    goOn(order)
    note('the copy is there, migrating it')
    const migrated = await migrateCopy(order, stage, copy)
    goOn(order)
    return { ...migrated, old: await verdictOfOld(parts, order, stage, migrated, note) }
  } finally {
    await remove(parts, order.current)
  }
}

async function remove(parts: RehearsalParts, current: Release): Promise<void> {
  const { stageEdge, directory } = parts
  await stageEdge.closeDoor({ ...current, project: stageProject(current.project) })
  await clearStage(current, directory)
}

/** The same login as on the live server: the image set the copy up with the same variables. */
function copyOf(live: LiveDatabase, stage: Stage): LiveDatabase {
  const server: DatabaseServer = { ...live.server, container: () => stage.database() }
  return { ...live, server }
}

async function migrateCopy(order: RehearsalOrder, stage: Stage, copy: LiveDatabase): Promise<Omit<Rehearsal, 'old'>> {
  const { config, release } = order
  const [before, filesBefore] = await Promise.all([readState(copy), tableFiles(copy)])
  const startedAt = performance.now()
  const timeoutMs = Math.min(config.migrate?.timeoutMs ?? config.rehearse.timeoutMs, config.rehearse.timeoutMs)
  const { result, locks } = await watchLocks(copy, () => stage.migrate(timeoutMs))
  const seconds = Math.round(performance.now() - startedAt) / 1000
  proveEndedWell(result, release)
  await proveMigrated(copy, release, config).catch(lied(release))
  const [after, filesAfter] = await Promise.all([readState(copy), tableFiles(copy)])
  const anew = new Set(rewritten(filesBefore, filesAfter).map(table => table.table))
  const seen: TableLock[] = locks.map(lock => ({ ...lock, rewritten: anew.has(lock.table) }))
  const unseen = filesBefore.filter(table => anew.has(table.table) && !seen.some(lock => lock.table === table.table))
  return {
    changed: before.fingerprint !== after.fingerprint,
    seconds,
    changes: compare(before, after),
    locks: [
      ...seen,
      ...unseen.map(({ table, bytes }) => ({ table, mode: 'AccessExclusiveLock', rewritten: true, bytes, seconds: 0 })),
    ],
  }
}

function proveEndedWell(result: JobResult, release: Release): void {
  if (result.exitCode === 0) return
  throw new SlipwayError('REHEARSAL_FAILED', `The migration of ${release.id} failed on a copy of the database`, {
    why: result.timedOut ? 'it did not end in time' : `the migrator exited with code ${result.exitCode}`,
    output: result.output,
    state: 'production was not touched',
    next: 'Mend the migration and deploy again.',
  })
}

function lied(release: Release): (error: unknown) => never {
  return error => {
    if (!(error instanceof SlipwayError) || error.code !== 'MIGRATION_FAILED') throw error
    throw new SlipwayError(
      'REHEARSAL_FAILED',
      `The migration of ${release.id} claims success on a copy of the database`,
      {
        why: error.why,
        state: 'production was not touched',
        next: error.next,
        cause: error,
      },
    )
  }
}

/** Running the old code costs seconds, so it is asked only when nothing else has decided yet. */
async function verdictOfOld(
  parts: RehearsalParts,
  order: RehearsalOrder,
  stage: Stage,
  migrated: Omit<Rehearsal, 'old'>,
  note: (text: string) => void,
): Promise<Rehearsal['old']> {
  const breaking = migrated.changes.find((change: SchemaChange) => change.breaking)
  if (!migrated.changed) return { kind: 'not-asked', why: 'the migration changes nothing' }
  if (breaking !== undefined) return { kind: 'not-asked', why: `the schema tells: ${breaking.what}` }
  if (stage.refusal !== undefined) return { kind: 'not-asked', why: stage.refusal }
  if (stage.release.services.length === 0) return { kind: 'not-asked', why: 'no service of it can be run' }
  note(`asking ${order.current.id} whether it lives with the new schema`)
  await stage.startRelease()
  const { engine, clock, stageEdge } = parts
  return askOldRelease(stage.release, { engine, clock, edge: stageEdge }, order)
}

function goOn({ signal }: RehearsalOrder): void {
  if (!signal.aborted) return
  throw new SlipwayError('INTERRUPTED', 'Interrupted in the rehearsal', { state: 'production was not touched' })
}
