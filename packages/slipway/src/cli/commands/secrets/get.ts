import { textOf } from '../../../secrets/rules.ts'
import { exitCodes, SlipwayError } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { openSecrets, secretsOf, valueOf } from './opened.ts'

export const run: Handler<{ environment: string; name: string; show: boolean }> = async (input, context) => {
  const { environment, name, show } = input
  if (context.stdout.terminal && !show) {
    throw new SlipwayError('USAGE', `${environment}: a secret would be shown on the screen`, {
      state: 'nothing was shown',
      next: 'Add --show, or send it to another program: slipway secrets get … | …',
    })
  }
  const value = valueOf(await openSecrets(await secretsOf(context, environment)), name, environment)
  const text = textOf(value)
  const document =
    text === undefined
      ? { name, encoding: 'base64', value: Buffer.from(value).toString('base64') }
      : { name, value: text }
  const bytes = context.stdout.terminal ? Buffer.concat([value, Buffer.from('\n')]) : value
  return { exitCode: exitCodes.ok, document, text: () => text ?? '', bytes }
}
