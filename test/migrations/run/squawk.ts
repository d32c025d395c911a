import { readFileSync } from 'node:fs'
import type { MigrationCase } from '../case.ts'
import { sqlOf } from './squawk-input.ts'

/** What squawk said of each migration when `node test/migrations/squawk.mjs` was run last. */
export const squawk: Recorded = JSON.parse(readFileSync(new URL('../squawk.json', import.meta.url), 'utf8')) as Recorded

interface Recorded {
  version: string
  /** By the name of the case: the rules that were broken. */
  cases: Record<string, { sha256: string; rules: string[] }>
}

/** Undefined: there is no SQL for it to read. */
export function squawkOf(one: MigrationCase): { told: string; breaks: boolean } | undefined {
  const sql = sqlOf(one)
  const recorded = squawk.cases[one.name]
  if (sql === undefined || recorded === undefined) return undefined
  const breaking = recorded.rules.filter(rule => breakingRules.has(rule))
  if (breaking.length > 0) return { told: breaking.join(', '), breaks: true }
  const locking = recorded.rules.filter(rule => lockingRules.has(rule))
  return { told: locking.length > 0 ? `locks: ${locking.join(', ')}` : 'silent', breaks: false }
}

/** The others of its rules are about style, time-outs and being run twice. */
const breakingRules = new Set([
  'adding-required-field',
  'adding-not-nullable-field',
  'ban-drop-column',
  'ban-drop-table',
  'ban-drop-database',
  'ban-drop-not-null',
  'ban-truncate-cascade',
  'changing-column-type',
  'renaming-column',
  'renaming-table',
  'ban-alter-domain-with-add-constraint',
  'transaction-nesting',
  'syntax-error',
  'ban-concurrent-index-creation-in-transaction',
])
const lockingRules = new Set([
  'adding-field-with-default',
  'adding-foreign-key-constraint',
  'adding-primary-key-constraint',
  'adding-serial-primary-key-field',
  'constraint-missing-not-valid',
  'disallowed-unique-constraint',
  'require-concurrent-index-creation',
  'require-concurrent-index-deletion',
  'require-concurrent-reindex',
  'require-concurrent-partition-detach',
  'ban-uncommitted-enum-value',
])
