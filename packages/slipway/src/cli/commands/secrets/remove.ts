import { exitCodes } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { done, openSecrets, saveValues, secretsOf, valueOf } from './opened.ts'

export const run: Handler<{ environment: string; name: string }> = async ({ environment, name }, context) => {
  const secrets = await secretsOf(context, environment)
  const before = await openSecrets(secrets)
  valueOf(before, name, environment)
  const { sealed } = await saveValues(secrets, before, new Map([[name, undefined]]), context)
  const { file } = secrets.config.secrets
  return {
    exitCode: exitCodes.ok,
    document: { environment, name, change: 'removed', revision: sealed.revision, file },
    text: () => done(context, `${name} is removed from ${file}; releases that have it keep it`),
  }
}
