import type { Problem } from '../../support/errors.ts'
import { harmless, harmlessLines, oneLine } from './harmless.ts'
import { breakAt, wrap } from './layout.ts'
import type { Screen } from './screen.ts'

/** Whatever went wrong, in the order in which a tired person wants to read it. */
export interface Trouble {
  code: string
  title: string
  why?: string | undefined
  problems?: readonly Problem[] | undefined
  output?: readonly string[] | undefined
  state?: string | undefined
  next?: string | undefined
}

export function troubleBlock(trouble: Trouble, screen: Screen): string {
  const { paint, symbols } = screen
  const title = wrap(`${oneLine(trouble.title)}  ${trouble.code}`, screen.columns() - 4).map(paint.strong)
  return [
    ...title.map((line, index) => (index === 0 ? `${paint.bad(symbols.failed)} ${line}` : `  ${line}`)),
    ...labelled('why', trouble.why, screen),
    ...(trouble.problems ?? []).flatMap(problem => problemLines(problem, screen)),
    ...outputLines(trouble.output ?? [], screen),
    ...labelled('now', trouble.state, screen),
    ...labelled('next', trouble.next, screen),
    '',
  ].join('\n')
}

/** `  why   because of this`, wrapped with its beginning aligned. */
export function labelled(label: string, text: string | undefined, screen: Screen, columns = labelColumns): string[] {
  if (text === undefined || text.trim() === '') return []
  return wrap(harmless(text).trim(), screen.columns() - columns - 3).map(
    (line, index) => `  ${screen.paint.dim((index === 0 ? label : '').padEnd(columns))}${line}`,
  )
}

const labelColumns = 6

function problemLines(problem: Problem, screen: Screen): string[] {
  const { paint } = screen
  const place = [problem.file, problem.line, problem.column].filter(part => part !== 0).join(':')
  const mark = problem.severity === 'error' ? paint.bad('error') : paint.warning('warning')
  const path = problem.path === '' ? '' : `  ${paint.dim(oneLine(problem.path))}`
  const indented = (text: string): string[] =>
    wrap(harmless(text).trim(), screen.columns() - 6).map(line => `    ${line}`)
  return [
    '',
    `  ${paint.strong(oneLine(place))}  ${mark}${path}`,
    ...indented(problem.message),
    ...(problem.mend === '' ? [] : indented(`${screen.symbols.arrow} ${problem.mend}`).map(paint.accent)),
  ]
}

export function problemsBlock(problems: readonly Problem[], screen: Screen): string {
  return problems.flatMap(problem => problemLines(problem, screen)).join('\n')
}

/** The cause is mostly in the last lines; it is never cut, but broken where a window ends. */
function outputLines(output: readonly string[], screen: Screen): string[] {
  const room = Math.max(8, screen.columns() - labelColumns - 5)
  const lines = harmlessLines(output).flatMap(line => (screen.animated ? breakAt(line, room) : [line]))
  return lines.map((line, index) => {
    const label = screen.paint.dim((index === 0 ? 'said' : '').padEnd(labelColumns))
    return `  ${label}${screen.paint.dim(screen.symbols.bar)} ${line}`.trimEnd()
  })
}
