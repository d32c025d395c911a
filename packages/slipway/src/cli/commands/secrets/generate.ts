import { checkSecrets, ruleOf } from '../../../secrets/check.ts'
import type { SecretFormat } from '../../../secrets/formats.ts'
import { requireSecretName } from '../../../secrets/names.ts'
import { generate } from '../../../secrets/rules.ts'
import { exitCodes, SlipwayError } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { done, openOrCreate, saveValues, secretsOf } from './opened.ts'

export const run: Handler<GenerateInput> = async (input, context) => {
  const { environment, name, format, replace } = input
  if (name !== undefined) requireSecretName(name)
  const secrets = await secretsOf(context, environment)
  const { rules, file } = secrets.config.secrets
  const before = await openOrCreate(secrets, context)
  const missing = checkSecrets(before.values, rules).filter(finding => finding.kind === 'missing')
  if (name !== undefined && before.values.has(name) && !replace) {
    throw new SlipwayError('USAGE', `${name} has a value already`, {
      why: 'what uses it would stop working at the next deployment',
      state: 'nothing was changed',
      next: `slipway secrets rotate ${environment} ${name}, or add --replace`,
    })
  }
  const length = lengthOf(input.length)
  const changes = new Map<string, Uint8Array>()
  const byHand: string[] = []
  for (const each of name === undefined ? missing.map(finding => finding.name) : [name]) {
    const made = generate(ruleOf(rules, each), {
      ...(format === undefined ? {} : { format }),
      ...(length === undefined ? {} : { length }),
    })
    if (made === undefined) byHand.push(each)
    else changes.set(each, Buffer.from(made))
  }
  if (name !== undefined && byHand.length > 0) {
    throw new SlipwayError('USAGE', `${name} can not be made up`, {
      why: 'only somebody else can make a value of its format',
      state: 'nothing was changed',
      next: `slipway secrets set ${environment} ${name}`,
    })
  }
  if (changes.size > 0) await saveValues(secrets, before, changes, context)
  const names = [...changes.keys()]
  return {
    exitCode: exitCodes.ok,
    document: { environment, generated: names, byHand, file },
    text: () =>
      done(
        context,
        names.length === 0 ? 'nothing is missing that could be made up' : `made ${names.join(', ')} in ${file}`,
      ) + byHand.map(each => `  still to be set: slipway secrets set ${environment} ${each}\n`).join(''),
  }
}

interface GenerateInput {
  environment: string
  name: string | undefined
  format: SecretFormat | undefined
  length: string | undefined
  replace: boolean
}

function lengthOf(written: string | undefined): number | undefined {
  if (written === undefined) return undefined
  const length = /^\d{1,5}$/.test(written) ? Number(written) : 0
  if (length >= 1 && length <= 10_000) return length
  throw new SlipwayError('USAGE', '--length takes a whole number from 1 to 10000', { state: 'nothing was changed' })
}
