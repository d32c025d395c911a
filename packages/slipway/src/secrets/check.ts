import { generate, misfit, type SecretRule, textOf, undeclared } from './rules.ts'

/**
 * What is wrong with the secrets of one environment, measured by what the app declares. What is used need not be declared.
 * No finding has a value in it.
 */
export function checkSecrets(
  values: ReadonlyMap<string, Uint8Array>,
  rules: Readonly<Record<string, SecretRule>>,
  used: ReadonlySet<string> = new Set(),
): Finding[] {
  const missing = Object.entries(rules)
    .filter(([name, rule]) => rule.required && !values.has(name))
    .map(([name, rule]): Finding => {
      const make = generate(rule) === undefined ? 'set' : 'generate'
      return { name, kind: 'missing', message: `${name} is required and has no value`, command: make }
    })
  const unfit = [...values].flatMap(([name, value]): Finding[] => {
    const why = misfit(ruleOf(rules, name), value)
    return why === undefined ? [] : [{ name, kind: 'unfit', message: `${name} does not fit: ${why}`, command: 'set' }]
  })
  const unknown =
    Object.keys(rules).length === 0
      ? []
      : [...values.keys()].filter(name => !Object.hasOwn(rules, name) && !used.has(name))
  return [
    ...missing,
    ...unfit,
    ...unknown.map(
      (name): Finding => ({
        name,
        kind: 'undeclared',
        message: `${name} is not declared in slipway.yaml, and nothing uses it`,
        command: 'remove',
      }),
    ),
  ]
}

export interface Finding {
  name: string
  /** `undeclared` is worth a word, the others stop a deployment. */
  kind: 'missing' | 'unfit' | 'undeclared'
  message: string
  /** The command that mends it. */
  command: 'set' | 'generate' | 'remove'
}

export function ruleOf(rules: Readonly<Record<string, SecretRule>>, name: string): SecretRule {
  return (Object.hasOwn(rules, name) ? rules[name] : undefined) ?? undeclared
}

/** How the secrets of two environments differ, without a value. */
export function compareSecrets(
  one: ReadonlyMap<string, Uint8Array>,
  other: ReadonlyMap<string, Uint8Array>,
  rules: Readonly<Record<string, SecretRule>>,
): Comparison {
  const names = [...new Set([...one.keys(), ...other.keys()])].sort()
  const rows = names.map((name): ComparedSecret => {
    const [left, right] = [one.get(name), other.get(name)]
    if (left === undefined || right === undefined) return { name, state: left === undefined ? 'missing' : 'extra' }
    if (Buffer.compare(left, right) !== 0) return { name, state: 'different' }
    return { name, state: ruleOf(rules, name).shared ? 'shared' : 'identical' }
  })
  return { rows, sameValue: sameUnderOtherNames(one, other, rules) }
}

export interface Comparison {
  rows: ComparedSecret[]
  /** One value under two names, as when a password was copied into another variable. */
  sameValue: { here: string; there: string }[]
}

export interface ComparedSecret {
  name: string
  /** `missing`: only the other has it. `identical`: and nothing allows that. */
  state: 'different' | 'identical' | 'shared' | 'missing' | 'extra'
}

/** Short values and words such as `true` are alike by chance. */
function sameUnderOtherNames(
  one: ReadonlyMap<string, Uint8Array>,
  other: ReadonlyMap<string, Uint8Array>,
  rules: Readonly<Record<string, SecretRule>>,
): Comparison['sameValue'] {
  const there = new Map([...other].map(([name, value]) => [Buffer.from(value).toString('base64'), name]))
  return [...one].flatMap(([here, value]) => {
    const name = there.get(Buffer.from(value).toString('base64'))
    const known = name === undefined || name === here || ruleOf(rules, here).shared || other.has(here)
    return known || (textOf(value) ?? '').length < 8 ? [] : [{ here, there: name }]
  })
}
