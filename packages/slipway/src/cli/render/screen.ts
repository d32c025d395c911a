import { asciiSymbols, paintFor, unicodeSymbols, type Paint, type Symbols } from './paint.ts'

/** One of the two output streams, and what it can show. */
export interface Screen {
  write(text: string): void
  paint: Paint
  symbols: Symbols
  /** Asked anew at each drawing: people resize windows. */
  columns(): number
  /** Whether a person sees it, and not a file or another program. */
  terminal: boolean
  /** Whether lines may be drawn over. */
  animated: boolean
}

export interface Stream {
  write(text: string | Uint8Array): unknown
  isTTY?: boolean | undefined
  columns?: number | undefined
}

export type Variables = Readonly<Record<string, string | undefined>>

export function screenOf(stream: Stream, variables: Variables, color: boolean): Screen {
  const terminal = stream.isTTY === true && variables['TERM'] !== 'dumb'
  return {
    write: text => void stream.write(text),
    terminal: stream.isTTY === true,
    paint: paintFor(color && isColored(terminal, variables)),
    symbols: ['dumb', 'linux'].includes(variables['TERM'] ?? '') ? asciiSymbols : unicodeSymbols,
    columns: () => (stream.isTTY === true ? Math.max(20, stream.columns ?? 80) : wide),
    animated: terminal && !isContinuousIntegration(variables),
  }
}

/** A file or a pipe has no width: nothing is cut or broken there, so that it can be searched. */
const wide = Number.POSITIVE_INFINITY

/** FORCE_COLOR is asked for by this very run, NO_COLOR by habit: the former wins, as in Node itself. */
function isColored(terminal: boolean, variables: Variables): boolean {
  const force = variables['FORCE_COLOR']
  if (force !== undefined) return force !== '0' && force !== 'false'
  if ((variables['NO_COLOR'] ?? '') !== '') return false
  return terminal
}

function isContinuousIntegration(variables: Variables): boolean {
  const value = variables['CI'] ?? ''
  return value !== '' && value !== '0' && value !== 'false'
}
