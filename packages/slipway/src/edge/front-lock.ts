import { mkdir, open, rm } from 'node:fs/promises'
import { SlipwayError } from '../support/errors.ts'
import { waitToHold } from '../support/held-file.ts'
import type { EdgeLayout } from './layout.ts'

/**
 * All apps of a machine share its front: whoever changes it does so alone, from reading the sites until the front serves
 * them. A kernel lock: it is free as soon as its holder has ended, however that was.
 */
export async function aloneAtFront<T>(layout: EdgeLayout, act: () => Promise<T>, limitMs = patienceMs): Promise<T> {
  // The directory is what the front's container is given; only this user may look into it.
  await mkdir(layout.directory, { recursive: true, mode: 0o700 })
  const handle = await open(layout.frontLock, 'a', 0o600)
  try {
    if (!(await waitToHold(handle, limitMs).catch(notTaken))) throw busy(limitMs)
    // Left by one that was killed while it reloaded: every answer would ask its client to leave.
    await rm(layout.leaving, { force: true })
    return await act()
  } finally {
    await handle.close()
  }
}

/** A reload takes some seconds, a start that downloads its image a minute; and others may wait for the same. */
const patienceMs = 120_000

function busy(limitMs: number): SlipwayError {
  return new SlipwayError('EDGE_FAILED', 'The edge is being changed by others', {
    why: `Other deployments on this machine have been changing it for ${limitMs / 1000} s.`,
    state: 'Its configuration was not touched.',
    next: 'Wait until they have ended, and deploy again.',
  })
}

function notTaken(error: unknown): never {
  throw new SlipwayError('EDGE_FAILED', 'The edge could not be locked', {
    why: error instanceof Error ? error.message : String(error),
    state: 'Its configuration was not touched.',
    next: 'Install util-linux: it brings the program flock.',
    cause: error,
  })
}
