import { carriesPassword, looksSecret } from '../secret-names.ts'
import { isMadeUp, isPlaceholder, looksRandom, scanRules } from './rules.ts'

/** Secrets in clear in one text. A finding has no value in it. Pure. */
export function scanText(path: string, text: string, known: readonly KnownSecret[] = []): Exposure[] {
  // Each is held against each other: a file with more of them is wrong enough.
  const found = [...byValue(text, known), ...byRules(text), ...byName(path, text)].slice(0, mostMatches)
  const seen = new Set<string>()
  // Where several rules find the same, the first says it best.
  const once = found.filter(({ rule, from, to }) => {
    const covered = found.some(
      other => other.from <= from && other.to >= to && other.rule !== rule && rank(other.rule) < rank(rule),
    )
    const key = `${rule} ${from}`
    return !covered && !seen.has(key) && seen.add(key)
  })
  const lineStarts = startsOf(text)
  return once
    .toSorted((a, b) => a.from - b.from)
    .map(({ rule, is, from, to }) => ({ rule, is, ...placeOf(lineStarts, from), from, to }))
}

export interface Exposure {
  rule: string
  /** Completes "here is …". */
  is: string
  line: number
  column: number
  /** Where it stands in the text; absent: the whole file is meant. */
  from?: number
  to?: number
}

/** A value that must stand nowhere in clear. */
export interface KnownSecret {
  environment: string
  name: string
  value: string
}

const mostMatches = 1000

interface Match {
  rule: string
  is: string
  from: number
  to: number
}

/** A value of one's own is worse than a likely one. */
function rank(rule: string): number {
  return rule === 'known-secret' ? 0 : rule === 'assigned-secret' ? 2 : 1
}

function byRules(text: string): Match[] {
  return scanRules.flatMap(({ id, is, pattern, hint, random }) => {
    if (hint !== undefined && !text.includes(hint)) return []
    return [...text.matchAll(pattern)].flatMap((match): Match[] => {
      const secret = match.groups?.['secret'] ?? match[0]
      if (random === true ? isPlaceholder(secret) || !looksRandom(secret) : isMadeUp(secret)) return []
      const from = match.index + match[0].lastIndexOf(secret)
      return [{ rule: id, is, from, to: from + secret.length }]
    })
  })
}

/** In files of settings, a value whose name says that it is a secret, and that looks drawn by lot. */
function byName(path: string, text: string): Match[] {
  if (!settingsFile.test(path)) return []
  return [...text.matchAll(assignment)].flatMap((match): Match[] => {
    const { name = '', double, single, bare } = match.groups ?? {}
    const value = double ?? single ?? bare ?? ''
    const secret = looksSecret(name) && value.length >= 12 && !isPlaceholder(value) && looksRandom(value)
    if (!secret || carriesPassword(value)) return []
    const from = match.index + match[0].lastIndexOf(value)
    return [{ rule: 'assigned-secret', is: `a value for ${name}`, from, to: from + value.length }]
  })
}

function byValue(text: string, known: readonly KnownSecret[]): Match[] {
  return known.flatMap(({ environment, name, value }) => {
    const forms = new Set([
      value,
      Buffer.from(value).toString('base64').replace(/=+$/, ''),
      encodeURIComponent(Buffer.from(value).toString()),
    ])
    return [...forms].flatMap(form =>
      occurrences(text, form).map((from): Match => {
        return { rule: 'known-secret', is: `the value of ${name} in ${environment}`, from, to: from + form.length }
      }),
    )
  })
}

/** Whether a value is one that a search can find without finding everything. */
export function isSearchable(name: string, value: string): boolean {
  return (
    value.length >= 8 &&
    !value.includes('\n') &&
    (looksSecret(name) || carriesPassword(value) || looksRandom(value)) &&
    !isCommon(value)
  )
}

function isCommon(value: string): boolean {
  return /^[a-z]+$/i.test(value) && value.length < 16
}

const settingsFile = /(^|\/)\.env(\.[^/]*)?$|\.(env|ya?ml|json5?|toml|ini|conf|cfg|properties|tfvars|xml|plist)$/i
const assignment =
  /^[ \t]*(?:-[ \t]+|export[ \t]+)?["']?(?<name>[A-Za-z][A-Za-z0-9_.-]{2,80})["']?[ \t]*[:=][ \t]*(?:"(?<double>[^"\n$]{12,512})"|'(?<single>[^'\n$]{12,512})'|(?<bare>[^\s"'#,$]{12,512}))/gm

function occurrences(text: string, form: string): number[] {
  const found: number[] = []
  for (let at = text.indexOf(form); at >= 0 && found.length < 100; at = text.indexOf(form, at + form.length))
    found.push(at)
  return found
}

function startsOf(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function placeOf(starts: readonly number[], offset: number): { line: number; column: number } {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
}
