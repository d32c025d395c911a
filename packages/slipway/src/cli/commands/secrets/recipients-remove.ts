import { withRecipients } from '../../../secrets/change.ts'
import { exitCodes, SlipwayError } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { oneLine } from '../../render/harmless.ts'
import { done, openSecrets, secretsOf } from './opened.ts'

export const run: Handler<{ environment: string; name: string }> = async ({ environment, name }, context) => {
  const secrets = await secretsOf(context, environment)
  const before = await openSecrets(secrets)
  const left = before.sealed.recipients.filter(recipient => recipient.name !== name)
  const known = before.sealed.recipients.map(recipient => recipient.name).join(', ')
  if (left.length === before.sealed.recipients.length || left.length === 0) {
    throw new SlipwayError(
      'USAGE',
      left.length === 0
        ? 'Nobody would be left who can read the secrets'
        : `${oneLine(name).slice(0, 60)} is no recipient`,
      {
        why: `there are ${known}`,
        state: 'nothing was changed',
      },
    )
  }
  const after = await withRecipients(before, left)
  await secrets.save(after, before)
  const read = [...after.values.keys()]
  return {
    exitCode: exitCodes.ok,
    document: { environment, removed: name, recipients: left, toRotate: read },
    text: () =>
      done(context, `${name} can read nothing of what comes from now on`) +
      (read.length === 0
        ? ''
        : `  ${name} has read, and Git keeps for ever: ${read.join(', ')}\n  rotate each: slipway secrets rotate ${environment} <name>\n`),
  }
}
