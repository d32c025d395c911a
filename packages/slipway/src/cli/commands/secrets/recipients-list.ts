import { exitCodes } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { table } from '../../render/table.ts'
import { secretsOf } from './opened.ts'

export const run: Handler<{ environment: string }> = async ({ environment }, context) => {
  const sealed = await (await secretsOf(context, environment)).read()
  const recipients = sealed?.recipients ?? []
  const { paint } = context.stdout
  const rows = recipients.map(({ name, kind, key }) => [
    { text: name, style: paint.strong },
    { text: kind },
    { text: key, style: paint.dim },
  ])
  const columns = [{ title: 'WHO' }, { title: 'KIND' }, { title: 'PUBLIC KEY' }]
  return {
    exitCode: exitCodes.ok,
    document: { environment, recipients },
    text: () =>
      rows.length === 0
        ? `${environment} has no secrets yet\n`
        : `${table(columns, rows, context.stdout).join('\n')}\n`,
  }
}
