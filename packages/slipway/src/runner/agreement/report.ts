import type { ReleaseId } from '../../release/model.ts'
import { stages, type Report, type Stage } from '../../release/several/agreement.ts'

/**
 * A report as it arrives: of the form that reports have, with texts that fit in, or none. What else is sent along is
 * left out. Pure.
 */
export function readReport(value: unknown): Report | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { stage, next, fingerprint, same, wantsHold, why } = value as Record<string, unknown>
  if (!isStage(stage)) return undefined
  if (next !== undefined && !isReleaseId(next)) return undefined
  if (fingerprint !== undefined && !isFingerprint(fingerprint)) return undefined
  if (same !== undefined && typeof same !== 'boolean') return undefined
  if (wantsHold !== undefined && typeof wantsHold !== 'boolean') return undefined
  if (why !== undefined && typeof why !== 'string') return undefined
  return {
    stage,
    ...(next === undefined ? {} : { next }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(same === undefined ? {} : { same }),
    ...(wantsHold === undefined ? {} : { wantsHold }),
    ...(why === undefined ? {} : { why: shortened(why) }),
  }
}

/** So that it fits into a question, in whatever letters it is written. */
export function shortened(why: string): string {
  return why.length <= longestWhy ? why : `${why.slice(0, longestWhy)}…`
}

const longestWhy = 1000

export function isReleaseId(value: unknown): value is ReleaseId {
  return typeof value === 'string' && /^r[1-9]\d{0,8}$/.test(value)
}

function isStage(value: unknown): value is Stage {
  return (stages as readonly unknown[]).includes(value)
}

function isFingerprint(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{8,128}$/.test(value)
}
