/** How many columns a text takes in a terminal; colours take none, Chinese characters and most emoji two. */
export function width(text: string): number {
  if (plain.test(text)) return text.length
  let columns = 0
  for (const { segment } of graphemes.segment(text.replace(colors, ''))) columns += isWide(segment) ? 2 : 1
  return columns
}

/** The text, or its beginning and a sign that there is more. For text without colours. */
export function cut(text: string, columns: number, more = '…'): string {
  if (width(text) <= columns) return text
  let kept = ''
  let used = width(more)
  for (const { segment } of graphemes.segment(text)) {
    used += isWide(segment) ? 2 : 1
    if (used > columns) break
    kept += segment
  }
  return kept.trimEnd() + more
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - width(text))) + text
}

/** Breaks at spaces; a word longer than a line is broken where it must. For text without colours. */
export function wrap(text: string, columns: number): string[] {
  return text.split('\n').flatMap(line => (publicKey.test(line) ? [line] : wrapLine(line, Math.max(8, columns))))
}

/** It is there to be copied: in two lines it is none. */
const publicKey = /^ssh-[a-z0-9-]+ [A-Za-z0-9+/=]+( \S+)?$/

function wrapLine(line: string, columns: number): string[] {
  const lines: string[] = []
  let current = ''
  for (const word of line.split(' ').flatMap(word => breakAt(word, columns))) {
    const longer = current === '' ? word : `${current} ${word}`
    if (width(longer) <= columns) current = longer
    else {
      if (current !== '') lines.push(current)
      current = word
    }
  }
  return [...lines, current]
}

/** Breaks wherever a line is full: for text whose spaces matter. */
export function breakAt(word: string, columns: number): string[] {
  if (width(word) <= columns) return [word]
  const found: string[] = []
  let current = ''
  for (const { segment } of graphemes.segment(word)) {
    if (width(current + segment) > columns) {
      found.push(current)
      current = ''
    }
    current += segment
  }
  return [...found, current]
}

/** Nearly all text is: looking at it character by character would make long tables slow. */
const plain = /^[ -~]*$/
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
// oxlint-disable-next-line no-control-regex -- our own colours
const colors = /\u001b\[\d+m/g
const wideCharacter =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u

function isWide(grapheme: string): boolean {
  return wideCharacter.test(grapheme) || grapheme.includes('\ufe0f')
}
