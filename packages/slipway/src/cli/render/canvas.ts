import type { Screen } from './screen.ts'

/** The last lines of a terminal, drawn over and over, and what is printed for good above them. */
export class Canvas {
  private readonly screen: Screen
  private drawn = 0

  constructor(screen: Screen) {
    this.screen = screen
  }

  /** Each line must fit the window: a line that wraps could not be drawn over. */
  draw(lines: readonly string[]): void {
    if (lines.length === 0 && this.drawn === 0) return
    this.screen.write(this.erasure() + lines.join('\n'))
    this.drawn = lines.length
  }

  print(text: string): void {
    this.screen.write(`${this.erasure()}${text}\n`)
    this.drawn = 0
  }

  private erasure(): string {
    if (this.drawn === 0) return ''
    const up = this.drawn > 1 ? `\u001b[${this.drawn - 1}A` : ''
    return `\r${up}\u001b[J`
  }
}
