import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, type Node } from 'yaml'
import type { Problem } from '../support/errors.ts'

/** A YAML file that was read: its values, and the place of each. */
export class YamlSource {
  readonly file: string
  readonly problems: Problem[] = []
  /** Another reader could choke on this file: it is too large, too deep, or expands without end. */
  hazardous = false
  /** The document as plain values; undefined when it can not be read. */
  value: unknown
  #root: Node | undefined
  #lines = new LineCounter()

  constructor(file: string) {
    this.file = file
  }

  fill(root: Node | undefined, lines: LineCounter, value: unknown): void {
    this.#root = root
    this.#lines = lines
    this.value = value
  }

  refuse(message: string, mend: string, place: Place = { line: 0, column: 0 }): void {
    this.problems.push({ severity: 'error', file: this.file, ...place, path: '', message, mend })
  }

  /** Where a value stands. Undefined: the path is not in this file. */
  place(path: Path): Place | undefined {
    return this.#find(path)?.value
  }

  /** Where a key stands. Undefined: the path is not in this file. */
  keyPlace(path: Path): Place | undefined {
    return this.#find(path)?.key
  }

  /** The nearest place there is: of the path, or of what it would be in. */
  nearest(path: Path): Place {
    for (let length = path.length; length >= 0; length -= 1) {
      const found = this.keyPlace(path.slice(0, length))
      if (found !== undefined) return found
    }
    return { line: 0, column: 0 }
  }

  /** The plain value at a path, without anything that objects inherit. */
  get(path: Path): unknown {
    let value = this.value
    for (const part of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
      value = (value as Record<string | number, unknown>)[part]
    }
    return value
  }

  #find(path: Path): { key: Place; value: Place } | undefined {
    let node: unknown = this.#root
    let found = placed(this.#lines, startOf(this.#root), startOf(this.#root))
    for (const part of path) {
      if (isAlias(node)) return undefined
      if (isMap(node)) {
        const pair = node.items.find(item => keyText(item.key) === String(part))
        if (pair === undefined) return undefined
        node = pair.value
        found = placed(this.#lines, startOf(pair.key), startOf(pair.value))
      } else if (isSeq(node)) {
        const item: unknown = node.items[Number(part)]
        if (item === undefined) return undefined
        node = isPair(item) ? item.value : item
        found = placed(this.#lines, startOf(item), startOf(item))
      } else return undefined
    }
    return found
  }
}

export type Path = readonly (string | number)[]

export interface Place {
  line: number
  column: number
}

export function keyText(key: unknown): string | undefined {
  if (isScalar(key)) return String(key.value)
  return typeof key === 'string' ? key : undefined
}

export function startOf(node: unknown): number | undefined {
  if (isPair(node)) return startOf(node.key)
  return isNode(node) ? (node.range?.[0] ?? undefined) : undefined
}

function placed(lines: LineCounter, key: number | undefined, value: number | undefined): { key: Place; value: Place } {
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const start = key ?? value ?? 0
  return { key: at(start), value: at(value ?? start) }
}
