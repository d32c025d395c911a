import type { StepName } from '../../release/model.ts'
import { cut, pad, padStart, wrap } from './layout.ts'
import type { Screen } from './screen.ts'
import { duration } from './words.ts'

export interface StepLine {
  mark: string
  step: StepName
  /** Absent: it took no time, because it was skipped. */
  seconds?: number
  text: string
  dim?: boolean
}

/** `✓ gate        2.4 s  3 containers are healthy`: one line while the step runs, as many as needed when it is over. */
export function stepLine(line: StepLine, screen: Screen, long: 'cut' | 'wrap'): string {
  const { paint, symbols } = screen
  const narrow = screen.columns() < narrowColumns
  const time = line.seconds === undefined ? '' : duration(line.seconds)
  const name = pad(line.step, stepColumns)
  const head = `  ${line.mark} ${line.dim === true ? paint.dim(name) : name}${paint.dim(padStart(time, narrow ? 0 : timeColumns))}`
  const indent = narrow ? 4 : 4 + stepColumns + timeColumns + 2
  const room = screen.columns() - indent - 1
  const style = line.dim === true || long === 'cut' ? paint.dim : (text: string): string => text
  if (line.text === '') return head
  if (narrow)
    return long === 'cut'
      ? head
      : [head, ...wrap(line.text, room).map(text => ' '.repeat(indent) + style(text))].join('\n')
  const texts = long === 'cut' ? [cut(line.text, room, symbols.more)] : wrap(line.text, room)
  return texts
    .map((text, index) => (index === 0 ? `${head}  ${style(text)}` : ' '.repeat(indent) + style(text)))
    .join('\n')
}

/** Below this, what a step says goes to a line of its own. */
const narrowColumns = 60
const stepColumns = 10
const timeColumns = 10
