import type { Plan, TableLock } from '../../release/model.ts'
import type { Screen } from './screen.ts'
import { table } from './table.ts'
import { ago, bytes, duration } from './words.ts'

/** What is known beforehand of how the migration will run: label and text. */
export function rehearsalFacts(plan: Plan, now: Date): [string, string | undefined][] {
  const { rehearsal, migration, config } = plan
  if (migration.kind !== 'pending' || plan.current === undefined || config.database === undefined) return []
  if (config.rehearse.mode === 'off') return [['rehearsal', 'off: requests wait while it runs']]
  const report = rehearsal?.report
  if (report === undefined) return [['rehearsal', `not rehearsed yet: slipway plan ${plan.environment} --rehearse`]]
  const how = report.mode === 'schema' ? ', without rows' : ''
  const took = report.migrationSeconds === undefined ? '' : `, in ${duration(report.migrationSeconds)} on the copy`
  return [
    ['rehearsal', report.says],
    ['because', report.why],
    ['said', report.output.slice(-6).join('\n')],
    ['changes', listed(report.changes.map(change => change.what)).join('\n')],
    ['mend', report.next],
    ['rehearsed', `${ago(report.at, now)}${took}${how}`],
  ]
}

/** The tables that were kept from others on the copy; empty: none was for long. */
export function lockTable(plan: Plan, screen: Screen): string[] {
  const { warning, dim } = screen.paint
  const locks = (plan.rehearsal?.report?.locks ?? [])
    .filter(isNoticeable)
    .toSorted((one, other) => other.bytes - one.bytes)
  if (locks.length === 0) return []
  const rows = locks.map(lock => [
    { text: lock.table },
    { text: bytes(lock.bytes), style: dim },
    { text: lockWords(lock), style: lock.rewritten ? warning : plain },
  ])
  return [...table([{ title: 'TABLE' }, { title: 'SIZE', align: 'right' }, { title: 'MEANWHILE' }], rows, screen), '']
}

/** How big the database is, and what that means in time. */
export function sizeWords({ database, migration, config, current }: Plan): string | undefined {
  if (database === undefined || current === undefined) return undefined
  const { mode, timeoutMs } = config.rehearse
  const { backupSeconds, rehearsalSeconds } = database
  const backup =
    backupSeconds === undefined ? 'no backup yet to tell how long one takes' : `backup ${about(backupSeconds)}`
  const parts = [`database ${bytes(database.bytes)}`, backup]
  if (migration.kind !== 'pending' || mode === 'off') return parts.join(', ')
  if (rehearsalSeconds === undefined) return [...parts, 'no rehearsal yet to tell how long one takes'].join(', ')
  const tooLong = rehearsalSeconds * 1000 > timeoutMs
  const way = mode === 'full' ? ' (rehearse: schema takes no rows along)' : ''
  const limit = tooLong ? `, longer than rehearse.timeout of ${duration(timeoutMs / 1000)}${way}` : ''
  return [...parts, `rehearsal ${about(rehearsalSeconds)}${limit}`].join(', ')
}

function about(seconds: number): string {
  return `about ${seconds < 10 || seconds >= 59.5 ? duration(seconds) : `${Math.round(seconds)} s`}`
}

/** All of them are in --json. */
function listed(texts: readonly string[]): string[] {
  const more = texts.length - mostChanges
  return more <= 0 ? [...texts] : [...texts.slice(0, mostChanges), `and ${more} more`]
}

const mostChanges = 12

function isNoticeable(lock: TableLock): boolean {
  return lock.rewritten || lock.seconds >= 0.1
}

function lockWords({ rewritten, seconds, mode }: TableLock): string {
  const whom = mode === 'AccessExclusiveLock' ? 'nobody reads or writes it' : 'nobody writes to it'
  const time = seconds > 0 ? ` for ${duration(seconds)}` : ''
  return rewritten ? `written anew: ${whom}${time}` : `locked: ${whom}${time}`
}

function plain(text: string): string {
  return text
}
