/** Colours by meaning. Without colour every function returns its text as it is. */
export interface Paint {
  strong: Style
  dim: Style
  good: Style
  bad: Style
  warning: Style
  accent: Style
}

export type Style = (text: string) => string

export function paintFor(colored: boolean): Paint {
  const code = (open: number, close: number) => (text: string) =>
    colored && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return {
    strong: code(1, 22),
    dim: code(2, 22),
    good: code(32, 39),
    bad: code(31, 39),
    warning: code(33, 39),
    accent: code(36, 39),
  }
}

export interface Symbols {
  done: string
  failed: string
  skipped: string
  undone: string
  note: string
  bar: string
  arrow: string
  more: string
  spinner: readonly string[]
}

export const unicodeSymbols: Symbols = {
  done: '✓',
  failed: '✗',
  skipped: '–',
  undone: '↩',
  note: '·',
  bar: '│',
  arrow: '→',
  more: '…',
  spinner: '⠋ ⠙ ⠹ ⠸ ⠼ ⠴ ⠦ ⠧ ⠇ ⠏'.split(' '),
}

/** For terminals that show boxes instead, such as a server's own console. */
export const asciiSymbols: Symbols = {
  done: '+',
  failed: 'x',
  skipped: '-',
  undone: '<',
  note: '.',
  bar: '|',
  arrow: '->',
  more: '...',
  spinner: ['|', '/', '-', '\\'],
}
