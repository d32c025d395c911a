import { dirname, join } from 'node:path'
import { prepareNextCopy, type StageDatabase } from '../engine/rehearsal.ts'
import { saysReady } from '../postgres/copy-start.ts'
import { sizeBytes } from '../postgres/reach.ts'
import type { Release } from '../release/model.ts'
import { readIfPresent, writeAtomically } from '../support/files.ts'
import type { RehearsalParts } from './rehearsals.ts'

/**
 * Whether a copy may begin from an image that is set up. What it then holds is in its container, and not where Docker's
 * volumes are: on another disk perhaps, or under a limit; for a big database the seconds that this saves are nothing.
 */
export async function mayBeginSetUp(parts: RehearsalParts, current: Release): Promise<boolean> {
  const bytes = await sizeBytes(parts.live).catch(() => undefined)
  if (bytes === undefined || bytes > smallBytes) return false
  return (await readIfPresent(unfitFile(parts))) !== current.stateFingerprint
}

/** For the next rehearsal. Nothing that is decided depends on it, and what can not be made is not tried again. */
export async function makeNextQuick(
  parts: RehearsalParts,
  current: Release,
  note: (text: string) => void,
): Promise<void> {
  if (!(await mayBeginSetUp(parts, current))) return
  try {
    await prepareNextCopy(current, databaseOf(parts), saysReady)
  } catch (error) {
    note(`copies of this database begin slowly: ${error instanceof Error ? error.message : String(error)}`)
    await noteUnfit(parts, current)
  }
}

export function databaseOf({ service, live }: RehearsalParts): StageDatabase {
  return { service, name: live.name }
}

/**
 * An image that did not do what it is for: no other one is tried while the state services are the same. What can not be
 * noted is tried once more, which costs seconds.
 */
export async function noteUnfit(parts: RehearsalParts, current: Release): Promise<void> {
  await writeAtomically(unfitFile(parts), current.stateFingerprint).catch(() => undefined)
}

const unfitFile = ({ directory }: RehearsalParts): string => join(dirname(directory), 'copies-begin-slowly')
const smallBytes = 1_000_000_000
