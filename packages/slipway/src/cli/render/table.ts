import { oneLine } from './harmless.ts'
import { cut, padStart, width } from './layout.ts'
import type { Screen } from './screen.ts'

export interface Column {
  title: string
  align?: 'right'
}

export interface Cell {
  text: string
  style?: (text: string) => string
}

/** Columns as wide as their contents; the last one takes the rest of a window and is cut there. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], screen: Screen): string[] {
  const cells = rows.map(row => row.map(cell => ({ ...cell, text: oneLine(cell.text) })))
  const used = columns.map((_, index) => cells.some(row => (row[index]?.text ?? '') !== ''))
  const widths = columns.map((column, index) =>
    Math.max(width(column.title), ...cells.map(row => width(row[index]?.text ?? ''))),
  )
  const last = used.lastIndexOf(true)
  const line = (row: readonly Cell[]): string => {
    let room = screen.columns() - indent.length - 1
    const parts: string[] = []
    for (const [index, column] of columns.entries()) {
      const cell = row[index] ?? { text: '' }
      if (used[index] !== true || room < 1) continue
      const columnWidth = Math.min(widths[index] ?? 0, room)
      const text = cut(cell.text, columnWidth, screen.symbols.more)
      const style = cell.style ?? (given => given)
      const space = index === last ? '' : ' '.repeat(Math.max(0, columnWidth - width(text)))
      parts.push(column.align === 'right' ? padStart('', columnWidth - width(text)) + style(text) : style(text) + space)
      room -= columnWidth + gap.length
    }
    return `${indent}${parts.join(gap)}`.trimEnd()
  }
  const title = columns.map(column => ({ text: column.title, style: screen.paint.dim }))
  return [line(title), ...cells.map(line)]
}

const indent = '  '
const gap = '  '
