import { type ComparedSecret, compareSecrets, type Comparison } from '../../../secrets/compare.ts'
import { exitCodes } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import type { Context } from '../../context.ts'
import { table } from '../../render/table.ts'
import { openSecrets, secretsOf } from './opened.ts'

export const run: Handler<{ environment: string; other: string }> = async ({ environment, other }, context) => {
  const [one, two] = await Promise.all([secretsOf(context, environment), secretsOf(context, other)])
  const [left, right] = [await openSecrets(one), await openSecrets(two)]
  const comparison = compareSecrets(
    { values: left.values, rules: one.config.secrets.rules },
    { values: right.values, rules: two.config.secrets.rules },
  )
  const bad = comparison.rows.some(row => row.state === 'identical') || comparison.sameValue.length > 0
  return {
    exitCode: bad ? exitCodes.failedNothingChanged : exitCodes.ok,
    document: { environment, other, ...comparison },
    text: () => diffText(environment, other, comparison, context),
  }
}

function diffText(one: string, other: string, { rows, sameValue }: Comparison, context: Context): string {
  const { paint } = context.stdout
  const styles = {
    different: paint.good,
    shared: paint.dim,
    identical: paint.bad,
    missing: paint.warning,
    extra: paint.warning,
  }
  const words: Record<ComparedSecret['state'], string> = {
    different: 'differs',
    shared: 'identical, and may be (shared: true in both)',
    identical: 'IDENTICAL: each environment needs its own',
    missing: `only in ${other}`,
    extra: `only in ${one}`,
  }
  const cells = rows.map(row => [
    { text: row.name, style: paint.strong },
    {
      text: row.inAddress && row.state === 'identical' ? 'THE SAME PASSWORD: each needs its own' : words[row.state],
      style: styles[row.state],
    },
  ])
  return [
    ...table([{ title: 'SECRET' }, { title: `${one} AND ${other}`.toUpperCase() }], cells, context.stdout),
    ...sameValue.map(({ here, there }) =>
      paint.bad(`  ${here} in ${one} and ${there} in ${other} have the same value, or the same password in it`),
    ),
    '',
  ].join('\n')
}
