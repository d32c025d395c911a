import { makeSecret, fitsFormat, fromAlphabet, secretFormats, type SecretFormat } from './formats.ts'

/** What slipway.yaml declares of one secret. */
export interface SecretRule {
  /** A deployment without it is refused. */
  required: boolean
  /** May be the same in several environments. */
  shared: boolean
  format?: SecretFormat
  length?: LengthRange
  /** The characters that `generate` draws from, in place of those of the format. */
  alphabet?: string
  /** Services that get it beside those whose Compose definition names it. */
  services: readonly string[]
  as: 'file' | 'variable'
  /** Where `rotate` keeps the value of before, so that the app still accepts it. */
  previous?: string
}

export interface LengthRange {
  least: number
  most: number
}

export const undeclared: SecretRule = { required: false, shared: false, services: [], as: 'file' }

/** `64`, `>=64`, `<=72` or `32-64` characters. */
export function parseLength(written: string | number): LengthRange | undefined {
  const [, sign, first, second] = /^(>=|<=)?\s*([0-9]{1,6})(?:\s*-\s*([0-9]{1,6}))?$/.exec(String(written).trim()) ?? []
  if (first === undefined || (sign !== undefined && second !== undefined)) return undefined
  const number = Number(first)
  const range =
    sign === '>='
      ? { least: number, most: Number.MAX_SAFE_INTEGER }
      : { least: sign === '<=' ? 0 : number, most: second === undefined ? number : Number(second) }
  return range.least <= range.most && range.most > 0 ? range : undefined
}

/** Why a value does not fit what is declared of it; the reason never quotes the value. */
export function misfit(rule: SecretRule, value: Uint8Array): string | undefined {
  const text = textOf(value)
  if (value.length === 0) return 'it is empty'
  if (text === undefined) return rule.format === undefined && rule.as === 'file' ? undefined : 'it is not text in UTF-8'
  if (rule.as === 'variable' && text.includes('\0')) return 'it has a NUL character, which no variable can hold'
  const characters = Array.from(text).length
  const { format, length } = rule
  if (format !== undefined && !fitsFormat(format, text)) return `it is not ${secretFormats[format].is}`
  if (length !== undefined && characters < length.least)
    return `it has ${characters} characters, not at least ${length.least}`
  if (length !== undefined && characters > length.most)
    return `it has ${characters} characters, not at most ${length.most}`
  return placeholder.test(text) ? 'it is a placeholder, which everybody can guess' : undefined
}

/** A new value that fits. Undefined: the format is of a kind that only somebody else can make. */
export function generate(
  rule: SecretRule,
  wanted: { length?: number; format?: SecretFormat; alphabet?: string } = {},
): string | undefined {
  const format = wanted.format ?? rule.format ?? 'base64url'
  const alphabet = wanted.alphabet ?? rule.alphabet
  const { least, most } = rule.length ?? { least: 0, most: Number.MAX_SAFE_INTEGER }
  const length = wanted.length ?? Math.min(Math.max(least, usualLength(format)), most)
  return alphabet === undefined ? makeSecret(format, length) : fromAlphabet(alphabet, length)
}

/** The text of a value; undefined when it is none. */
export function textOf(value: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  } catch {
    return undefined
  }
}

/** About 256 bits. */
function usualLength(format: SecretFormat): number {
  return format === 'hex' ? 64 : format === 'digits' ? 78 : 43
}

const placeholder =
  /^(change[-_ ]?(me|it|this)|password\d*|passwd|secret|example|test|todo|none|null|undefined|default|admin|root|123456\d*|x{3,}|\*{3,}|<.*>|your[-_ ].*|replace[-_ ]?(me|this))$/i
