import { mkdir, open, readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AgreementKey } from '../release/several/agreement.ts'
import type { Promotion } from '../release/promotion.ts'
import type { HandedOver } from '../secrets/handed-over.ts'
import { isMissing, readIfPresent, writeAtomically } from '../support/files.ts'
import { isRunId, type RunId } from './names.ts'
import { endOf, toldEvents } from './run-lines.ts'

/**
 * What runners were asked to do, each in a folder of its own: the order, that it was begun, and what is told of it.
 */
export interface Order {
  act: 'deploy' | 'rollback'
  configFile: string
  environment: string
  /** Who asked: `alice@laptop`. */
  by: string
  at: string
  /** For the Compose files, as they were set where it was asked. */
  variables: Readonly<Record<string, string>>
  /** For registries; only until the runner has read them. */
  passwords?: Readonly<Record<string, string>>
  /** What its encrypted secrets are; only until the runner has read them. */
  secrets?: HandedOver
  /** The images of another environment, instead of those that the Compose files name. */
  promotion?: Promotion
  /** Of several servers: the deployment that this one follows, by the name that the deciding server has given it. */
  agreementKey?: AgreementKey
  rollback?: { release?: `r${number}`; data?: 'keep' | 'restore'; confirm?: string }
}

export async function makeRun(runs: string, run: RunId): Promise<void> {
  await mkdir(join(runs, run), { recursive: true, mode: 0o700 })
}

export async function writeOrder(runs: string, run: RunId, order: Order): Promise<void> {
  await writeAtomically(orderFile(runs, run), JSON.stringify(order))
}

export async function readOrder(runs: string, run: RunId): Promise<Order | undefined> {
  const text = await readIfPresent(orderFile(runs, run))
  return text === undefined ? undefined : (JSON.parse(text) as Order)
}

/** Of runs that have not ended, or whose end was not written. */
export async function ordersUnderWay(runs: string): Promise<Order[]> {
  const orders = await Promise.all(
    (await allRuns(runs)).map(async run => ((await endOf(runs, run)) === undefined ? readOrder(runs, run) : undefined)),
  )
  return orders.filter(order => order !== undefined)
}

/** Nobody needs them again: what dies after this is brought to its end without. */
export async function forgetSecrets(runs: string, run: RunId, given: Order): Promise<void> {
  const { secrets, passwords, ...order } = given
  if (secrets !== undefined || passwords !== undefined) await writeOrder(runs, run, order)
}

/** True the first time: what was begun before is resumed and not begun again. */
export async function begin(runs: string, run: RunId): Promise<boolean> {
  try {
    await (await open(join(runs, run, 'begun'), 'wx', 0o600)).close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/**
 * The run that somebody means who names none: the one that deploys; else one that is about to; else the newest that did
 * more than hear of another one. Undefined: there was none.
 */
export async function latestRun(runs: string): Promise<RunId | undefined> {
  let beginning: RunId | undefined
  let refused: RunId | undefined
  for (const run of (await allRuns(runs)).toReversed()) {
    if ((await readOrder(runs, run)) === undefined) continue
    const end = await endOf(runs, run)
    if (end === undefined && !(await hasStarted(runs, run))) beginning ??= run
    else if (end !== undefined && 'error' in end && end.error.code === 'LOCKED') refused ??= run
    else return end === undefined ? run : (beginning ?? run)
  }
  return beginning ?? refused
}

async function hasStarted(runs: string, run: RunId): Promise<boolean> {
  return (await toldEvents(runs, run)).some(event => event.type === 'deployment-started')
}

/** Whoever prepares the order is still at it: however long the code takes to come, its runner waits. */
export async function signOfLife(runs: string, run: RunId, now = new Date()): Promise<void> {
  await utimes(join(runs, run), now, now)
}

/** Undefined: nobody gave it one, nor a sign of life, for this time. */
export async function waitForOrder(
  runs: string,
  run: RunId,
  limitMs: number,
  signal: AbortSignal,
): Promise<Order | undefined> {
  let seen: number | undefined
  for (let endsAt = performance.now() + limitMs; ; await sleep(waitMs)) {
    const order = await readOrder(runs, run)
    const sign = (await stat(join(runs, run)).catch(() => undefined))?.mtimeMs
    if (sign !== seen) endsAt = performance.now() + limitMs
    seen = sign
    if (order !== undefined || performance.now() > endsAt || signal.aborted) return order
  }
}

/** Old runs that have ended, or that must have: nobody follows them any more. */
export async function pruneRuns(runs: string, keep = 20): Promise<void> {
  for (const run of (await allRuns(runs)).slice(0, -keep)) {
    const { mtimeMs } = await stat(join(runs, run))
    const over = (await endOf(runs, run)) !== undefined || Date.now() - mtimeMs > longestRunMs
    if (over) await rm(join(runs, run), { recursive: true, force: true })
  }
}

const longestRunMs = 24 * 3_600_000
const waitMs = 20
export const orderFile = (runs: string, run: RunId): string => join(runs, run, 'order.json')

export async function allRuns(runs: string): Promise<RunId[]> {
  try {
    return (await readdir(runs)).filter(isRunId).sort()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
