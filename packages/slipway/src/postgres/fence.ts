import { SlipwayError } from '../support/errors.ts'
import { normalNetwork } from './cidr.ts'
import { openLive, runBeside } from './databases.ts'
import { endForeignSessions } from './foreign-sessions.ts'
import { databaseToken, fenceBlock, withFence, withoutFence } from './hba.ts'
import {
  askToReload,
  bringBackHba,
  hbaContent,
  hbaState,
  keepHba,
  replaceHba,
  writeNextHba,
  type HbaState,
} from './hba-file.ts'
import { isRefusedByRules } from './login.ts'
import type { LiveDatabase } from './server.ts'

/**
 * From here on only the allowed networks, and programs inside the container, reach the database: everybody else
 * is refused before any password is asked, superusers too, and sessions that are there are ended.
 * Survives the death of this process and a restart of PostgreSQL, because it stands in pg_hba.conf.
 */
export async function fence(live: LiveDatabase, allowed: readonly string[]): Promise<void> {
  try {
    const networks = allowed.map(normalNetwork)
    const before = await hbaState(live)
    await replaceHba(live, before, fenced(live, before, networks))
    proveRulesRead(live, await reload(live))
    await Promise.all([proveClosed(live), endForeignSessions(live, networks)])
  } catch (error) {
    throw fenceError(live, error)
  }
}

/**
 * Does what a fence needs and nobody notices, while nobody waits yet: a second file beside pg_hba.conf that is not read,
 * and programs that are started. The fence looks at everything again; without this it is right too, only slower.
 */
export async function prepareFence(live: LiveDatabase, allowed: readonly string[]): Promise<void> {
  const networks = allowed.map(normalNetwork)
  // Two at once start two programs: the fence needs one of them to try whether it holds.
  const [before] = await Promise.all([hbaState(live), runBeside(live, 'select 1;')])
  await writeNextHba(live, before, fenced(live, before, networks))
  await keepHba(live, before)
}

/** Takes the fence away, whoever set it. Safe to repeat, and right also when there is none. */
export async function liftFence(live: LiveDatabase): Promise<void> {
  await openLive(live)
  const before = await hbaState(live)
  const content = hbaContent(before)
  const open = withoutFence(content, live.name)
  if (!open.equals(content)) await bringBackHba(live, before, open)
  // Also without a change: whoever took the block out may have died before PostgreSQL read the file again.
  await reload(live)
}

function fenced(live: LiveDatabase, before: HbaState, networks: readonly string[]): Buffer {
  return withFence(hbaContent(before), fenceBlock(live.name, networks, before.version), live.name)
}

/** PostgreSQL keeps its old rules when the new file has a mistake, also when the mistake is a person's. */
function proveRulesRead(live: LiveDatabase, { errors, rejected, version }: HbaState): void {
  const [mistake] = errors
  if (mistake !== undefined) {
    throw new SlipwayError('HOLD_FAILED', 'pg_hba.conf has mistakes', { why: `line ${mistake.line}: ${mistake.error}` })
  }
  const token = databaseToken(live.name, version).slice(1, -1).replaceAll('""', '"')
  if (!rejected.includes(token)) throw new SlipwayError('HOLD_FAILED', 'PostgreSQL does not see the fence in its rules')
}

/** Asks the server to read its rules again and waits until new sessions have them. */
async function reload(live: LiveDatabase): Promise<HbaState> {
  const deadline = performance.now() + reloadPatienceMs
  let askedAt = await askToReload(live)
  for (let look = 1; ; look++) {
    const now = await hbaState(live)
    if (now.loadedAt >= askedAt) return now
    // A clock that was set back in between would never get there.
    if (look % 20 === 0) askedAt = await askToReload(live)
    if (performance.now() > deadline) {
      throw new SlipwayError('HOLD_FAILED', 'PostgreSQL did not read its access rules again', {
        why: 'the time of its last reload does not change; postgresql.conf may have mistakes',
      })
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** The proof by trying: a login over the container's own loopback is foreign too and must meet the fence. */
async function proveClosed(live: LiveDatabase): Promise<void> {
  if ((await isRefusedByRules(live)) === 'let in') {
    throw new SlipwayError('HOLD_FAILED', 'The fence does not hold', { why: 'a login from outside it was let in' })
  }
}

function fenceError(live: LiveDatabase, error: unknown): SlipwayError {
  const known = error instanceof SlipwayError ? error : undefined
  return new SlipwayError('HOLD_FAILED', `The database ${live.name} could not be fenced`, {
    why: [known?.message ?? String(error), known?.why].filter(Boolean).join(': '),
    state: 'the fence may stand in pg_hba.conf until it is lifted',
    next: known?.next,
    cause: error,
  })
}

const reloadPatienceMs = 10_000
