import { ownKey } from '../../../secrets/identities.ts'
import { exitCodes } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { note } from './opened.ts'

export const run: Handler<Record<never, never>> = async (_input, context) => {
  const { recipients, from, made } = await ownKey(context.variables)
  if (made) note(context, `made a key in ${from}: keep a copy where only you come`)
  return {
    exitCode: exitCodes.ok,
    document: { recipients, from, made },
    text: () => recipients.map(recipient => `${recipient}\n`).join(''),
  }
}
