import { isAlias, isNode, LineCounter, type Node, parseAllDocuments, visit } from 'yaml'
import { quoted } from './rules.ts'
import { yamlHazard } from './yaml-hazards.ts'
import { keyText, type Place, startOf, YamlSource } from './yaml-source.ts'

/** A YAML file with the place of everything in it. Reading never throws: what is wrong is in `problems`. */
export function readYaml(file: string, bytes: Uint8Array, reading: Partial<Reading> = {}): YamlSource {
  const source = new YamlSource(file)
  const text = decode(source, bytes)
  if (text !== undefined) parse(source, text, { ...strictReading, ...reading })
  return source
}

export interface Reading {
  /** How often aliases may be expanded, all levels multiplied. */
  mostAliases: number
  /** How many words, signs and breaks there may be: the time that reading takes grows with them. */
  mostTokens: number
  /** Only the first is looked at. */
  severalDocuments: boolean
}

const strictReading: Reading = { mostAliases: 100, mostTokens: 20_000, severalDocuments: false }

/** Larger is no configuration but an attack or a mistake. */
export const largestFile = 1_000_000

function decode(source: YamlSource, bytes: Uint8Array): string | undefined {
  if (bytes.length > largestFile) {
    source.hazardous = true
    source.refuse('the file is larger than 1 MB', 'No more is read: is this the right file?')
    return undefined
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    source.refuse('the file is not UTF-8 text', 'Save it as UTF-8.', firstBadByte(bytes))
    return undefined
  }
  const odd = /(?![\t\n\r])\p{Cc}/u.exec(text)
  if (odd === null) return text
  const name = `U+${odd[0].charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`
  source.refuse(`the file has the control character ${name}`, 'Remove it.', placeIn(text, odd.index))
  return undefined
}

function parse(source: YamlSource, text: string, reading: Reading): void {
  const hazard = yamlHazard(text, reading.mostTokens)
  if (hazard !== undefined) {
    source.hazardous = true
    source.refuse(hazard.message, 'Is this the right file?', placeIn(text, hazard.offset))
    return
  }
  const lines = new LineCounter()
  try {
    const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false })
    const [document, second] = 'empty' in documents ? [] : documents
    const tags = reading.severalDocuments ? [] : (document?.warnings ?? [])
    for (const fault of [...(document?.errors ?? []), ...tags].slice(0, 20)) {
      const { line, col } = lines.linePos(fault.pos[0])
      source.refuse(sentence(fault.message), yamlMend(fault.code), { line, column: col })
    }
    if (second !== undefined && !reading.severalDocuments) {
      const { line, col } = lines.linePos(second.range[0])
      source.refuse('the file holds more than one YAML document', 'Keep one and remove the line `---`.', {
        line,
        column: col,
      })
    }
    if (source.problems.length > 0) return
    const root = document?.contents ?? undefined
    if (isNode(root)) findDoubleKeys(source, root, lines)
    if (isNode(root)) findLooseAliases(source, root, lines)
    if (source.problems.length > 0) return
    source.fill(isNode(root) ? root : undefined, lines, document?.toJS({ maxAliasCount: reading.mostAliases }))
  } catch (thrown) {
    source.hazardous = true
    source.refuse(parserFailure(thrown), 'Write the values out instead of using so many aliases.')
  }
}

/** The library's own check compares each key with each other one: a minute for a megabyte of keys. */
function findDoubleKeys(source: YamlSource, root: Node, lines: LineCounter): void {
  visit(root, {
    Map(_, map) {
      const seen = new Set<string>()
      for (const { key } of map.items) {
        const name = keyText(key)
        const offset = startOf(key)
        const { line, col } = lines.linePos(offset ?? 0)
        if (name === undefined)
          source.refuse('a key is not plain text', 'Use plain text as the key.', { line, column: col })
        else if (name === '__proto__')
          source.refuse('`__proto__` is no key', 'Use another name.', { line, column: col })
        else if (seen.has(name)) {
          source.refuse(`the key ${quoted(name)} is there twice`, 'Remove one of the two.', { line, column: col })
        } else seen.add(name)
        if (source.problems.length >= 20) return visit.BREAK
      }
      return undefined
    },
  })
}

/** An alias counts only after its anchor. */
function findLooseAliases(source: YamlSource, root: Node, lines: LineCounter): void {
  const anchors = new Set<string>()
  visit(root, {
    Node(_, node) {
      if (isAlias(node) && !anchors.has(node.source)) {
        const { line, col } = lines.linePos(startOf(node) ?? 0)
        const mend = 'Write `&name` at the value that stands above, and `*name` here.'
        source.refuse(`there is no anchor ${quoted(node.source)} above this alias`, mend, { line, column: col })
      } else if (!isAlias(node) && node.anchor !== undefined) anchors.add(node.anchor)
      return source.problems.length >= 20 ? visit.BREAK : undefined
    },
  })
}

function placeIn(text: string, offset: number): Place {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - lineStart + 1 }
}

function firstBadByte(bytes: Uint8Array): Place {
  const readable = new TextDecoder('utf-8').decode(bytes)
  const index = readable.indexOf('\ufffd')
  return index < 0 ? { line: 0, column: 0 } : placeIn(readable, index)
}

function sentence(message: string): string {
  if (/call stack/.test(message)) return 'the file is nested too deeply'
  const shown = message.replaceAll(/\p{Cc}|\p{Cf}/gu, '?').slice(0, 200)
  return shown.charAt(0).toLowerCase() + shown.slice(1)
}

function yamlMend(code: string): string {
  return yamlMends[code] ?? 'Mend the YAML at this place; values with special characters belong in quotes.'
}

const yamlMends: Record<string, string | undefined> = {
  TAB_AS_INDENT: 'Indent with blanks.',
  BAD_INDENT: 'Indent all keys of one level alike, and close every bracket.',
  MISSING_CHAR: 'Close the quote, bracket or brace.',
  MULTILINE_IMPLICIT_KEY: 'A key stands on one line, followed by a colon and a blank.',
  BLOCK_AS_IMPLICIT_KEY: 'Put the nested key on a line of its own.',
  TAG_RESOLVE_FAILED: 'Remove the tag: all values are plain ones.',
}

function parserFailure(thrown: unknown): string {
  if (thrown instanceof RangeError) return 'the file is nested too deeply'
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return message.includes('alias count') ? 'the aliases of the file expand to far too much' : sentence(message)
}
