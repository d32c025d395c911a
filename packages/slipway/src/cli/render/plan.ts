import type { Plan } from '../../release/model.ts'
import { oneLine } from './harmless.ts'
import { imageColumn, shortImage } from './image.ts'
import { dataWords, migrationWords } from './plan-line.ts'
import { lockTable, rehearsalFacts, sizeWords } from './plan-rehearsal.ts'
import type { Screen } from './screen.ts'
import { table, type Cell } from './table.ts'
import { labelled } from './trouble.ts'

/** `plan`: what would change, then every step as it would run. */
export function planText(plan: Plan, pending: boolean, screen: Screen, now: Date): string {
  const { paint } = screen
  const fact = (label: string, text: string | undefined): string[] => labelled(label, text, screen, labelColumns)
  const goal = oneLine(
    [plan.target?.id, plan.version, plan.commit?.subject].filter(part => part !== undefined).join('  '),
  )
  const current = plan.current
  return [
    paint.strong(
      oneLine(`${plan.app} ${plan.environment}: ${pending ? `${plan.kind} would change this` : 'no changes'}`),
    ),
    ...fact(
      'now',
      current === undefined
        ? 'nothing deployed yet'
        : oneLine(`${current.id}  ${current.version}  ${current.commit?.subject ?? ''}`),
    ),
    ...fact('then', goal),
    ...fact('images', promotionWords(plan)),
    ...fact('migration', migrationWords(plan.migration)),
    ...rehearsalFacts(plan, now).flatMap(([label, text]) => fact(label, text)),
    ...fact('data', dataWords(plan.data)),
    ...(plan.data.kind === 'restore'
      ? [...fact('loses', plan.data.loses), ...fact('because', plan.data.breaking.join('\n'))]
      : []),
    ...fact('state', stateWords[plan.state]),
    ...fact('size', sizeWords(plan)),
    '',
    ...lockTable(plan, screen),
    ...table(
      [
        { title: 'SERVICE' },
        { title: 'ROLE' },
        { title: 'CHANGE' },
        { title: 'SERVERS' },
        ...imageColumn(plan.services),
      ],
      plan.services.map(each => serviceRow(each, screen)),
      screen,
    ),
    '',
    ...table(
      [{ title: '' }, { title: 'STEP' }, { title: 'DOES' }],
      plan.steps.map((each, index) => stepRow(each, numberOf(plan.steps, index), screen)),
      screen,
    ),
    '',
  ].join('\n')
}

const labelColumns = 11

const stateWords: Record<Plan['state'], string> = {
  first: 'databases and caches are started for the first time',
  same: 'databases and caches stay as they are',
  changed: 'databases or caches change and restart: requests wait meanwhile',
}

function serviceRow(service: Plan['services'][number], screen: Screen): Cell[] {
  const { paint } = screen
  const styles = { new: paint.good, build: paint.accent, changed: paint.warning, same: paint.dim, removed: paint.bad }
  const words = { new: 'new', build: 'built anew', changed: 'changed', same: 'same', removed: 'removed' }
  return [
    { text: service.name },
    { text: service.role, style: paint.dim },
    { text: words[service.change], style: styles[service.change] },
    { text: (service.servers ?? []).join(', '), style: paint.dim },
    { text: service.image === undefined ? '' : shortImage(service.image), style: paint.dim },
  ]
}

function promotionWords({ promotion, environment }: Plan): string | undefined {
  if (promotion === undefined) return undefined
  return `those that ${oneLine(promotion.from)} runs as ${promotion.release}; data, settings and secrets are those of ${oneLine(environment)}`
}

/** Steps that are skipped do not count. */
function numberOf(steps: Plan['steps'], index: number): number {
  return steps.slice(0, index + 1).filter(step => step.skipped === undefined).length
}

function stepRow(step: Plan['steps'][number], count: number, screen: Screen): Cell[] {
  const { dim } = screen.paint
  if (step.skipped !== undefined) {
    return [
      { text: screen.symbols.skipped, style: dim },
      { text: step.name, style: dim },
      { text: `skipped: ${step.skipped}`, style: dim },
    ]
  }
  return [{ text: String(count), style: dim }, { text: step.name }, { text: step.does }]
}
