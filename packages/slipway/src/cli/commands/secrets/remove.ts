import { ruleOf } from '../../../secrets/check.ts'
import { exitCodes } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { done, note, openSecrets, saveValues, secretsOf, valueOf } from './opened.ts'

export const run: Handler<{ environment: string; name: string }> = async ({ environment, name }, context) => {
  const secrets = await secretsOf(context, environment)
  const before = await openSecrets(secrets)
  valueOf(before, name, environment)
  const { sealed } = await saveValues(secrets, before, new Map([[name, undefined]]), context)
  const { rules, file } = secrets.config.secrets
  if (Object.hasOwn(rules, name) && ruleOf(rules, name).required) {
    note(context, `${name} is declared as required: without it a deployment is refused`)
  }
  return {
    exitCode: exitCodes.ok,
    document: { environment, name, change: 'removed', revision: sealed.revision, file },
    text: () => done(context, `${name} is removed from ${file}; releases that have it keep it`),
  }
}
