import {
  clearStage,
  copyContainer,
  createMigration,
  createOld,
  migrateCopy,
  onStage,
  setStage,
  sharedWithCopy,
  stageNew,
  stageOld,
  startCopy,
} from '../engine/rehearsal.ts'
import { forgetReadyImage } from '../engine/ready-database-images.ts'
import { changedRows } from '../postgres/changed-rows.ts'
import { compare } from '../postgres/compare.ts'
import { proveMigrated } from '../postgres/ledger.ts'
import { watchLocks } from '../postgres/lock-watch.ts'
import { provideLogins, type ReleaseLogin } from '../postgres/logins.ts'
import { readProperties } from '../postgres/properties.ts'
import { emptyCopy, fillCopy, prepareCopy, rewritten, type CopySource } from '../postgres/rehearsal-copy.ts'
import { readUsage } from '../postgres/read-usage.ts'
import { analyse } from '../postgres/restore.ts'
import type { LiveDatabase } from '../postgres/server.ts'
import { isThere } from '../support/files.ts'
import type { Rehearsal, Release } from '../release/model.ts'
import { verdictOf } from '../release/rehearsal.ts'
import type { Clock, Edge, Engine, JobResult, RehearsalOrder, Rehearsals } from '../release/ports.ts'
import { SlipwayError } from '../support/errors.ts'
import { lookAt, type Look } from './looks.ts'
import { databaseOf, makeNextQuick, mayBeginSetUp, noteUnfit } from './set-up-copies.ts'
import { doorAhead, healthyOnStage, smokeOnStage, type DoorAhead } from './staged-release.ts'

/** The port `Rehearsals` on the Docker Engine: a throwaway copy beside production, on a network that leads nowhere. */
export function rehearsals(parts: RehearsalParts): Rehearsals {
  const copyOf = copyFinder(parts)
  return {
    async prepare(current) {
      // Its folder is there before anything else of a copy, and goes last.
      if (await isThere(parts.directory)) await remove(parts, current)
      const from = (await mayBeginSetUp(parts, current)) ? 'whatever is quick' : 'nothing'
      const ready = await setStage(current, databaseOf(parts), parts.directory, from)
      const copy = copyOf(current, 'anew')
      try {
        await begin(parts, current, copy)
      } catch (error) {
        if (ready === undefined) throw error
        // What was set up once may be anything by now.
        await remove(parts, current)
        await forgetReadyImage(ready)
        await setStage(current, databaseOf(parts), parts.directory, 'nothing')
        await begin(parts, current, copyOf(current, 'anew'))
        await noteUnfit(parts, current)
        return
      }
      if (ready !== undefined) begunFrom.set(copy, ready)
    },
    async fill(current, dump) {
      const copy = copyOf(current)
      const shared = sharedWithCopy(parts.directory)
      try {
        return await fill(parts, copy, dump === undefined ? { schemaInto: parts.directory } : { dump, shared })
      } catch (error) {
        // One that was removed meanwhile did nothing wrong.
        if (begunFrom.has(copy)) await noteUnfit(parts, current)
        throw error
      }
    },
    makeReady: (current, release) => createMigration(current, release, parts.directory),
    async run(order, note) {
      const copy = copyOf(order.current)
      try {
        const rehearsal = await rehearse(parts, order, copy, note)
        // Nothing is made for the next one when people are about to wait.
        if (verdictOf(rehearsal).kind !== 'incompatible') useful.set(copy, note)
        return rehearsal
      } catch (error) {
        spoilt.add(copy)
        throw error
      }
    },
    async remove(current) {
      const copy = copyOf(current)
      const [ready, note] = [begunFrom.get(copy), useful.get(copy)]
      begunFrom.delete(copy)
      if (note !== undefined) await makeNextQuick(parts, current, note)
      await remove(parts, current)
      // It may not be the migration's fault: the next copy is set up anew.
      if (ready !== undefined && spoilt.has(copy)) await forgetReadyImage(ready)
    },
  }
}

export interface RehearsalParts {
  /** The live database. */
  live: LiveDatabase
  /** The Compose service that runs it. */
  service: string
  /** Of the release to come, those that Slipway makes: a plan is rehearsed before they are in the live database. */
  logins: readonly ReleaseLogin[]
  engine: Engine
  clock: Clock
  /** Doors for releases on the stage: an edge of that project, not of the app's. */
  stageEdge: Edge
  /** For the documents of the copy, which hold the app's variables. */
  directory: string
}

/** One object for one copy, because what is kept open to it is found by that; a new one for a copy that is made anew. */
function copyFinder({ live, service }: RehearsalParts): (current: Release, anew?: 'anew') => LiveDatabase {
  const copies = new Map<string, LiveDatabase>()
  return (current, anew) => {
    const known = anew === undefined ? copies.get(current.id) : undefined
    if (known !== undefined) return known
    let container: string | undefined
    const find = async () => (container ??= await copyContainer(current, service))
    // The same login as on the live server: the image set the copy up with the same variables.
    const copy: LiveDatabase = { ...live, server: { ...live.server, container: find } }
    copies.set(current.id, copy)
    return copy
  }
}

async function begin(parts: RehearsalParts, current: Release, copy: LiveDatabase): Promise<void> {
  await startCopy(current, parts.directory)
  // The old release waits beside it for its turn: made, not started.
  const ready = prepareCopy(parts.live, copy).then(() => provideLogins(copy, parts.logins))
  // Both have ended when this has: whoever removes the copy finds all of it.
  const ended = await Promise.allSettled([ready, createOld(current, parts.directory)])
  for (const each of ended) if (each.status === 'rejected') throw each.reason
}

async function rehearse(
  parts: RehearsalParts,
  order: RehearsalOrder,
  copy: LiveDatabase,
  note: (text: string) => void,
): Promise<Rehearsal> {
  const { backup = 'live', config, filled } = order
  const source = config.rehearse.mode === 'schema' ? { schemaInto: parts.directory } : backup
  const fillSeconds = await (filled ?? fill(parts, copy, source))
  goOn(order)
  note('the copy is there, migrating it')
  const door = doorAhead(await stageOld(order.current, parts.directory), parts)
  try {
    const migrated = { ...(await migrate(parts, order, copy)), fillSeconds }
    goOn(order)
    return await decide(parts, order, { migrated, door }, note)
  } finally {
    // Whoever removes the copy finds all of it.
    await door.ended
  }
}

/** Returns the seconds it took. What an earlier attempt brought in goes. */
async function fill({ live }: RehearsalParts, copy: LiveDatabase, source: CopySource): Promise<number> {
  const startedAt = performance.now()
  if (touched.has(copy)) await emptyCopy(copy, await readProperties(live))
  touched.add(copy)
  await fillCopy(live, copy, source)
  const seconds = Math.round(performance.now() - startedAt) / 1000
  // Nobody works on it before the migration does.
  const [look] = await Promise.all([lookAt(copy), analyse(copy)])
  looks.set(copy, look)
  return seconds
}

/** Copies that are not empty any more. */
const touched = new WeakSet<LiveDatabase>()
/** What was in them when they had been filled. */
const looks = new WeakMap<LiveDatabase, Look>()

/** Copies on which all went well, and whom to tell what comes after. */
const useful = new WeakMap<LiveDatabase, (text: string) => void>()
/** Those on which it did not. */
const spoilt = new WeakSet<LiveDatabase>()
/** From which image a copy began that was set up already. */
const begunFrom = new WeakMap<LiveDatabase, string>()

async function remove(parts: RehearsalParts, current: Release): Promise<void> {
  await parts.stageEdge.closeDoor(onStage(current))
  await clearStage(current, parts.directory)
}

async function migrate(parts: RehearsalParts, order: RehearsalOrder, copy: LiveDatabase): Promise<Migrated> {
  const { config, current, release } = order
  const before = looks.get(copy) ?? (await lookAt(copy))
  const { release: stage } = await stageNew(current, release, parts.directory)
  const usage = readUsage(parts.live)
  usage.catch(() => undefined)
  const startedAt = performance.now()
  const timeoutMs = Math.min(config.migrate?.timeoutMs ?? config.rehearse.timeoutMs, config.rehearse.timeoutMs)
  const { result, locks } = await watchLocks(copy, () => migrateCopy(stage, parts.directory, timeoutMs))
  const seconds = Math.round(performance.now() - startedAt) / 1000
  proveEndedWell(result, release)
  const [after] = await Promise.all([lookAt(copy, before), proveMigrated(copy, release, config).catch(lied(release))])
  const rows = changedRows(before.rows.writes, after.rows.writes)
  const anew = rewritten(before.files, after.files)
  const seen = locks.map(lock => ({ ...lock, rewritten: anew.some(table => table.table === lock.table) }))
  const unseen = anew.filter(table => !seen.some(lock => lock.table === table.table))
  return {
    changed: before.state.fingerprint !== after.state.fingerprint || rows.length > 0,
    seconds,
    changes: [...compare(before.state, after.state, await usage), ...rows],
    locks: [
      ...seen,
      ...unseen.map(({ table, bytes }) => ({ table, mode: 'AccessExclusiveLock', rewritten: true, bytes, seconds: 0 })),
    ],
  }
}

type Migrated = Omit<Rehearsal, 'old' | 'bootSeconds'>

/**
 * What running code can tell. When the schema already says that requests must be held, it is the new release that is
 * run: people would wait in vain for one that does not become healthy. So it is when nothing changes: what is as it was
 * tells nothing about the new release.
 */
async function decide(
  parts: RehearsalParts,
  order: RehearsalOrder,
  { migrated, door }: { migrated: Migrated; door: DoorAhead },
  note: (text: string) => void,
): Promise<Rehearsal> {
  const { current, release } = order
  // Whoever is run has the same door.
  await door.ended
  if (!migrated.changed) {
    // Other migrations than those of what serves, and nothing to do: this may be older code than the schema.
    note(`the migration changes nothing; running ${release.id} on the copy`)
    return {
      ...migrated,
      ...(await runNew(parts, order, migrated, note)),
      old: { kind: 'not-asked', why: 'the migration changes nothing' },
    }
  }
  const breaking = migrated.changes.find(change => change.breaking)
  const old = await stageOld(current, parts.directory)
  if (breaking === undefined && old.refusal === undefined) {
    note(`asking ${current.id} whether it lives with the new schema`)
    const fault = (await healthyOnStage(old, parts, order)) ?? (await smokeOnStage(old.release, parts, order))
    if (fault === undefined) return { ...migrated, old: { kind: 'lives' } }
    // The door and the containers of this one make room for the new release.
    await parts.stageEdge.closeDoor(old.release)
    return { ...migrated, ...(await runNew(parts, order, migrated, note)), old: { kind: 'breaks', ...fault } }
  }
  const why = breaking === undefined ? (old.refusal ?? '') : `the schema tells: ${breaking.what}`
  note(`${current.id} can not live with it; running ${release.id} on the copy`)
  return { ...migrated, ...(await runNew(parts, order, migrated, note)), old: { kind: 'not-asked', why } }
}

async function runNew(
  parts: RehearsalParts,
  order: RehearsalOrder,
  migrated: Migrated,
  note: (text: string) => void,
): Promise<{ bootSeconds?: number }> {
  const { current, release } = order
  const next = await stageNew(current, release, parts.directory)
  if (next.refusal !== undefined) {
    note(`${release.id} is not run on the copy: ${next.refusal}`)
    return {}
  }
  const startedAt = performance.now()
  const fault = await healthyOnStage(next, parts, order)
  if (fault === undefined) return { bootSeconds: Math.round(performance.now() - startedAt) / 1000 }
  throw new SlipwayError(
    'REHEARSAL_FAILED',
    `${release.id} does not become healthy on ${migrated.changed ? 'the migrated copy' : 'a copy of the database'}`,
    {
      why: fault.why,
      output: fault.output,
      state: `production was not touched; ${current.id} goes on serving`,
      next: 'Mend the cause shown above. A release that needs the world outside to become healthy can not be rehearsed: set rehearse: off for it.',
    },
  )
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
    const attempted = `The migration of ${release.id} claims success on a copy of the database`
    const state = 'production was not touched'
    throw new SlipwayError('REHEARSAL_FAILED', attempted, { why: error.why, state, next: error.next, cause: error })
  }
}

function goOn({ signal }: RehearsalOrder): void {
  if (!signal.aborted) return
  throw new SlipwayError('INTERRUPTED', 'Interrupted in the rehearsal', { state: 'production was not touched' })
}
