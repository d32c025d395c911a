import { generate, misfit, type SecretRule, undeclared } from './rules.ts'

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
