import type { AgreementKey, Decisions, Outcome, Report, Verdict } from '../../release/several/agreement.ts'
import { isReleaseId, readReport } from './report.ts'

/**
 * What a follower and the server that decides say to each other: one line of JSON each way. Whoever has a follower's key
 * may write anything here, so what is asked is read field by field. Pure.
 */
export interface Ask {
  ask: number
  key: AgreementKey
  report?: Report
}

export type Answer = { of: number; decisions: Decisions } | { of: number; failed: string }

/** The first line of the side that answers: what a login prints before is not part of it. */
export const agreementGreeting = 'slipway agreement 1'

/** No question is longer. */
export const longestAsk = 8 * 1024
export const longestAnswer = 8 * 1024

/** Undefined: this is no question. */
export function readAsk(line: string): Ask | undefined {
  const given = record(line)
  if (given === undefined) return undefined
  const { ask, key, report: sent } = given
  if (!Number.isSafeInteger(ask) || !isAgreementKey(key)) return undefined
  if (sent === undefined) return { ask: Number(ask), key }
  const report = readReport(sent)
  return report === undefined ? undefined : { ask: Number(ask), key, report }
}

/** Undefined: this is no answer. What is half understood is not acted upon. */
export function readAnswer(line: string): Answer | undefined {
  const given = record(line)
  if (given === undefined || !Number.isSafeInteger(given['of'])) return undefined
  const of = Number(given['of'])
  if (typeof given['failed'] === 'string') return { of, failed: given['failed'] }
  const decisions = readDecisions(given['decisions'])
  return decisions === undefined ? undefined : { of, decisions }
}

/** `d12@2026-11-22T01:02:03.456Z`: nothing else becomes part of a path. */
export function isAgreementKey(value: unknown): value is AgreementKey {
  return typeof value === 'string' && /^d[1-9]\d{0,8}@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)
}

function readDecisions(value: unknown): Decisions | undefined {
  if (!isRecord(value)) return undefined
  const decisions: Decisions = {}
  for (const [name, each] of Object.entries(value)) {
    const read = Object.hasOwn(readers, name) ? readers[name] : undefined
    // A field that this version does not know may be the one that matters.
    if (read === undefined || !read(each)) return undefined
    Object.assign(decisions, { [name]: each })
  }
  return decisions
}

const isTrue = (value: unknown): boolean => value === true
const readers: Readonly<Record<string, ((value: unknown) => boolean) | undefined>> = {
  release: isReleaseId,
  everywhere: value => value === 'same' || value === 'differs',
  holds: value => typeof value === 'boolean',
  holdNow: isTrue,
  path: isPath,
  mayStart: isTrue,
  workersMay: isTrue,
  outcome: value => (['switch', 'back'] satisfies Outcome[] as unknown[]).includes(value),
  why: value => typeof value === 'string',
  restored: isTrue,
  stuck: isTrue,
  verdict: value => (['kept', 'returned'] satisfies Verdict[] as unknown[]).includes(value),
} satisfies Record<keyof Decisions, (value: unknown) => boolean>

function isPath(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { port } = value
  return typeof port === 'number' && Number.isSafeInteger(port) && port > 0 && port < 65_536
}

function record(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
