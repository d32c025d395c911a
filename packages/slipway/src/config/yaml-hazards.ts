import { Lexer } from 'yaml'

/**
 * What would make the YAML library take minutes or fall over, told before it parses: it recurses into each level and
 * collects each error. Undefined: nothing.
 */
export function yamlHazard(text: string, mostTokens: number): Hazard | undefined {
  return nestingHazard(text) ?? weightHazard(text, mostTokens)
}

export interface Hazard {
  message: string
  offset: number
}

/** More open brackets, or hyphens in a row, than any configuration has. */
const deepest = 200

function nestingHazard(text: string): Hazard | undefined {
  const tooDeep = (offset: number): Hazard => ({ message: 'the file is nested too deeply', offset })
  let open = 0
  let offset = 0
  for (const line of text.split('\n')) {
    // "- - - - x" opens a level with each hyphen.
    const marks = /^ *((?:[-?:] +)*)/.exec(line)?.[1]?.length ?? 0
    if (marks > deepest) return tooDeep(offset)
    for (let index = 0; index < line.length; index += 1) {
      const character = line[index]
      if (character === '[' || character === '{') open += 1
      else if ((character === ']' || character === '}') && open > 0) open -= 1
      if (open > deepest) return tooDeep(offset + index)
    }
    offset += line.length + 1
  }
  return undefined
}

function weightHazard(text: string, mostTokens: number): Hazard | undefined {
  let tokens = 0
  let offset = 0
  for (const token of new Lexer().lex(text)) {
    // Each backslash in a text is looked at on its own.
    tokens += token.includes('\\') ? token.split('\\').length : 1
    if (tokens > mostTokens)
      return { message: 'the file has far too many entries', offset: Math.min(offset, text.length) }
    offset += token.length
  }
  return undefined
}
