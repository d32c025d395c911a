import type { PlanSummary } from '../../release/events.ts'
import type { DataPlan, MigrationForecast } from '../../release/model.ts'
import type { Symbols } from './paint.ts'
import { oneLine } from './harmless.ts'

/** The plan in one line: `r11 → 4f2a9c1, migration: none, data: untouched`. */
export function planLine(plan: PlanSummary, symbols: Symbols): string {
  const goal = plan.target === undefined ? plan.version : `${plan.target} (${plan.version})`
  const way = plan.current === undefined ? `first release: ${goal}` : `${plan.current} ${symbols.arrow} ${goal}`
  return oneLine(`${way}, migration: ${migrationWords(plan.migration)}, data: ${dataWords(plan.data)}`)
}

export function migrationWords(migration: MigrationForecast): string {
  return migration.why === '' ? migration.kind : `${migration.kind} (${migration.why})`
}

export function dataWords(data: DataPlan): string {
  switch (data.kind) {
    case 'untouched':
      return 'untouched'
    case 'keep':
      return `kept (${data.why})`
    case 'restore':
      return `restored from ${data.from.kind === 'snapshot' ? data.from.database : data.from.file}`
  }
}
