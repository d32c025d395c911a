import type { DeploymentRecord, Outcome } from '../../release/model.ts'
import type { Screen } from './screen.ts'
import type { Place } from './summary.ts'
import { table, type Cell } from './table.ts'
import { ago, duration, localTime } from './words.ts'

/** `history`: one line a deployment, newest first. */
export function historyText(records: readonly DeploymentRecord[], place: Place, now: Date, screen: Screen): string {
  if (records.length === 0) return `Nothing was deployed to ${place.environment} of ${place.app} yet.\n`
  const columns = [
    { title: '' },
    { title: 'WHEN' },
    { title: 'OUTCOME' },
    { title: 'RELEASE' },
    { title: 'TOOK', align: 'right' as const },
    { title: 'BY' },
    { title: 'WHAT' },
  ]
  return `${table(
    columns,
    records.map(record => row(record, now, screen)),
    screen,
  ).join('\n')}\n`
}

export function outcomeCell(outcome: Outcome, kind: DeploymentRecord['kind'], screen: Screen): Cell {
  const { paint, symbols } = screen
  switch (outcome) {
    case 'deployed':
      return { text: `${symbols.done} ${kind === 'rollback' ? 'went back' : 'deployed'}`, style: paint.good }
    case 'unchanged':
      return { text: `${symbols.done} unchanged`, style: paint.dim }
    case 'failed':
      return { text: `${symbols.failed} failed`, style: paint.bad }
    case 'rolled-back':
      return { text: `${symbols.undone} rolled back`, style: paint.warning }
    case 'needs-person':
      return { text: `${symbols.failed} needs a person`, style: paint.bad }
  }
}

function row(record: DeploymentRecord, now: Date, screen: Screen): Cell[] {
  const { release, previous, failure, commit, promoted } = record
  const old = now.getTime() - Date.parse(record.startedAt) > recentMs
  // A release that never came live is of no use to whoever looks for one to go back to.
  const came = record.outcome === 'deployed' || record.outcome === 'unchanged'
  const way = [...new Set([previous, came ? release : undefined])]
    .filter(each => each !== undefined)
    .join(` ${screen.symbols.arrow} `)
  const what =
    failure === undefined
      ? [record.version, promoted === undefined ? '' : `(${promoted.release} of ${promoted.from})`, commit?.subject]
          .filter(part => part !== undefined && part !== '')
          .join(' ')
      : `${failure.step}: ${failure.message}`
  return [
    { text: record.id, style: screen.paint.strong },
    { text: old ? localTime(record.startedAt) : ago(record.startedAt, now) },
    outcomeCell(record.outcome, record.kind, screen),
    { text: way },
    { text: duration(record.seconds), style: screen.paint.dim },
    { text: record.by, style: screen.paint.dim },
    { text: what.trim() },
  ]
}

/** What is younger is told as a time span. */
const recentMs = 20 * 3600 * 1000
