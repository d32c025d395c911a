import { oneLine } from './harmless.ts'
import { wrap } from './layout.ts'
import type { Screen } from './screen.ts'

/** What is said beside the result, broken where a window ends. */
export function writeNote(screen: Screen, text: string, weight: 'by the way' | 'of weight' = 'by the way'): void {
  const { paint, symbols } = screen
  const style = weight === 'of weight' ? paint.warning : paint.dim
  const lines = wrap(oneLine(text), screen.columns() - indent)
  screen.write(lines.map((line, index) => `  ${style(`${index === 0 ? symbols.note : ' '} ${line}`)}\n`).join(''))
}

const indent = 4
