import type { z } from 'zod'
import type { Problem } from '../support/errors.ts'
import { formatOfPattern } from './formats.ts'
import { quoted } from './rules.ts'
import { slipwaySchema } from './schema.ts'
import { nearestName } from './suggest.ts'
import { keysAt, metaAt } from './walk.ts'
import type { YamlSource } from './yaml-source.ts'

/** Everything that is wrong with the form of a slipway.yaml, each with its place and its mend. */
export function formProblems(source: YamlSource): Problem[] {
  const result = slipwaySchema.safeParse(source.value)
  if (result.success) return []
  const problems = result.error.issues.slice(0, mostShown).flatMap(issue => describe(source, issue, []))
  return problems.sort((one, other) => one.line - other.line || one.column - other.column)
}

/** A person mends no more at a time, and a file of rubbish must not take minutes. */
const mostShown = 100

type Issue = z.core.$ZodIssue
type IssuePath = readonly PropertyKey[]

function describe(source: YamlSource, issue: Issue, base: IssuePath): Problem[] {
  const path = [...base, ...issue.path]
  if (issue.code === 'invalid_union') {
    const nearest = likelyMeant(issue)
    if (nearest !== undefined) return nearest.flatMap(inner => describe(source, inner, path))
  }
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, mostShown).map(key => unknownKey(source, path, key))
  if (issue.code === 'invalid_key') return [problem(source, path, keyFault(issue, path), 'key')]
  return [problem(source, path, valueFault(source, issue, path), 'value')]
}

/** Of the forms a value may have, the one that the person tried: the one whose faults lie deepest. */
function likelyMeant(issue: z.core.$ZodIssueInvalidUnion): Issue[] | undefined {
  let best: Issue[] | undefined
  let bestDepth = 0
  for (const issues of issue.errors) {
    const depths = issues.map(each =>
      each.path.length === 0 && each.code === 'invalid_type' ? 0 : each.path.length + 1,
    )
    const depth = depths.length === 0 ? 0 : Math.min(...depths)
    if (depth > bestDepth) [best, bestDepth] = [issues, depth]
  }
  return best
}

function unknownKey(source: YamlSource, path: IssuePath, key: string): Problem {
  const known = keysAt(slipwaySchema, path)
  const near = nearestName(key, known)
  const fault = {
    message: `unknown setting ${quoted(key)}`,
    mend: mendUnknown(path, key, near, known),
  }
  return problem(source, [...path, key], fault, 'key')
}

function mendUnknown(path: IssuePath, key: string, near: string | undefined, known: string[]): string {
  if (key === '<<') return 'Merge keys are not read: put what environments share at the top level, they all inherit it.'
  if (near !== undefined) return `Did you mean \`${near}\`?`
  const here = path.length === 0 ? 'At the top level' : `Under \`${shown(path)}\``
  return `${here} there can be: ${known.join(', ')}.`
}

interface Fault {
  message: string
  mend: string
}

function keyFault(issue: z.core.$ZodIssueInvalidKey, path: IssuePath): Fault {
  const [inner] = issue.issues
  const format =
    inner?.code === 'invalid_format' && 'pattern' in inner ? formatOfPattern(String(inner.pattern)) : undefined
  return {
    message: `${quoted(String(path.at(-1)))} is not ${format?.is ?? 'a name that is allowed here'}`,
    mend: format?.mend ?? 'Use another name.',
  }
}

function valueFault(source: YamlSource, issue: Issue, path: IssuePath): Fault {
  const name = path.length === 0 ? 'slipway.yaml' : `\`${shown(path)}\``
  const value = source.get(path.map(toPart))
  switch (issue.code) {
    case 'custom':
      return { message: issue.message, mend: String(issue.params?.['mend'] ?? example(path)) }
    case 'invalid_value':
      return valueOfList(issue, name, value)
    case 'invalid_format': {
      const format = formatOfPattern(String(issue.pattern ?? ''))
      const is = format?.is ?? (issue.format === 'email' ? 'an e-mail address' : 'what belongs here')
      return { message: `${name}: ${quoted(String(value))} is not ${is}`, mend: format?.mend ?? example(path) }
    }
    case 'too_small':
    case 'too_big':
      return { message: `${name} ${outOfRange(issue, value)}`, mend: example(path) }
    case 'invalid_type':
    case 'invalid_union':
      return wrongKind(issue, name, path, value)
    default:
      return { message: `${name} is not valid`, mend: example(path) }
  }
}

function valueOfList(issue: z.core.$ZodIssueInvalidValue, name: string, value: unknown): Fault {
  const known = issue.values.map(String)
  const near = typeof value === 'string' ? nearestName(value, known) : undefined
  return {
    message: `${name}: ${kindOf(value)} is not one of ${known.join(', ')}`,
    mend: near === undefined ? `Write one of ${known.join(', ')}.` : `Did you mean ${near}?`,
  }
}

function outOfRange(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'is an empty list' : 'has too many entries'
  return issue.code === 'too_small'
    ? `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
    : `must be at most ${issue.maximum}`
}

function wrongKind(issue: Issue, name: string, path: IssuePath, value: unknown): Fault {
  if (path.length === 0 && (value === undefined || value === null))
    return { message: 'the file is empty', mend: example(path) }
  if (value === undefined) return { message: `${name} is missing`, mend: example(path) }
  if (value === null) return { message: `${name} is empty`, mend: `Remove it or fill it in. ${example(path)}` }
  const wanted = wantedKinds(issue)
  const message = `${name} must be ${wanted.join(' or ') || 'of another form'}, not ${kindOf(value)}`
  return { message, mend: quotesMend(wanted, value) ?? example(path) }
}

function wantedKinds(issue: Issue): string[] {
  const issues = issue.code === 'invalid_union' ? issue.errors.flat() : [issue]
  const kindNames = issues.map(each => (each.code === 'invalid_type' ? kinds[each.expected] : undefined))
  return [...new Set(kindNames.filter(kind => kind !== undefined))]
}

/** The usual slip with YAML: quotes where there should be none, or none where there should be some. */
function quotesMend(wanted: string[], value: unknown): string | undefined {
  const text = wanted.includes('text')
  if (text && (typeof value === 'number' || typeof value === 'boolean')) return `Put it in quotes: "${value}".`
  if (text || typeof value !== 'string') return undefined
  const number = wanted.some(kind => kind.endsWith('number')) && /^[0-9]+$/.test(value)
  const boolean = wanted.includes('true or false') && /^(true|false)$/.test(value)
  return number || boolean ? `Remove the quotes: ${value}.` : undefined
}

const kinds: Record<string, string | undefined> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
  record: 'a group of names',
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a group of settings'
  return typeof value === 'string' ? quoted(value) : quoted(String(value)).slice(1, -1)
}

/** How the setting looks when it is right. */
function example(path: IssuePath): string {
  for (let length = path.length; length > 0; length -= 1) {
    const at = path.slice(0, length)
    const examples: unknown = metaAt(slipwaySchema, at)?.['examples']
    const key = String(at.at(-1))
    if (Array.isArray(examples) && examples.length > 0) {
      return `For example: ${examples.map(each => `\`${key}: ${inOneLine(each)}\``).join(' or ')}.`
    }
  }
  return 'Start with `app: my-app`; every setting is in the configuration reference.'
}

/** A value as YAML on one line. */
export function inOneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inOneLine).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, each]) => `${key}: ${inOneLine(each)}`)
      .join(', ')} }`
  }
  return typeof value === 'string' && !/^[A-Za-z0-9_./@-][A-Za-z0-9_./@ -]*$/.test(value)
    ? JSON.stringify(value)
    : String(value)
}

function problem(source: YamlSource, path: IssuePath, fault: Fault, at: 'key' | 'value'): Problem {
  const parts = path.map(toPart)
  // An empty value stands nowhere: its key does.
  const atValue = at === 'value' && source.get(parts) !== null
  const place = (atValue ? source.place(parts) : undefined) ?? source.nearest(parts)
  return { severity: 'error', file: source.file, ...place, path: shown(path), ...fault }
}

function toPart(part: PropertyKey): string | number {
  return typeof part === 'number' ? part : String(part)
}

export function shown(path: IssuePath): string {
  return path.map(part => String(part).replaceAll(/[^\w.-]/g, '?')).join('.')
}
