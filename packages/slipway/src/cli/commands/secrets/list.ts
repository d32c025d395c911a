import { ruleOf } from '../../../secrets/check.ts'
import { type LengthRange, misfit, type SecretRule } from '../../../secrets/rules.ts'
import type { OpenSecrets } from '../../../secrets/open.ts'
import { exitCodes, SlipwayError } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import type { Context } from '../../context.ts'
import { oneLine } from '../../render/harmless.ts'
import { table } from '../../render/table.ts'
import { bytes, plural } from '../../render/words.ts'
import { note, secretsOf } from './opened.ts'

export const run: Handler<{ environment: string }> = async ({ environment }, context) => {
  const secrets = await secretsOf(context, environment)
  const { rules, file } = secrets.config.secrets
  const sealed = await secrets.read()
  let opened: OpenSecrets | undefined
  try {
    opened = await secrets.open()
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'AGE_KEY_UNUSABLE') throw error
    note(context, 'no key at hand opens them: whether values are there, fit and are as they were sealed is not known')
  }
  const names = [...new Set([...(sealed?.values.keys() ?? []), ...Object.keys(rules)])].sort()
  const rows = names.map(name =>
    rowOf(name, sealed?.values.has(name) === true, opened?.values.get(name), ruleOf(rules, name)),
  )
  const readers = sealed?.recipients.map(({ name, kind }) => ({ name, kind })) ?? []
  return {
    exitCode: exitCodes.ok,
    document: { environment, file, revision: sealed?.revision, proved: opened !== undefined, readers, secrets: rows },
    text: () => listText({ environment, file, readers: readers.map(each => each.name), rows }, context),
  }
}

interface Row {
  name: string
  state: 'ok' | 'missing' | 'unfit' | 'unknown'
  why?: string
  bytes?: number
  declared: string
}

function rowOf(name: string, there: boolean, value: Uint8Array | undefined, rule: SecretRule): Row {
  const declared = declaration(rule)
  if (!there) return { name, state: 'missing', why: rule.required ? 'required' : 'optional', declared }
  if (value === undefined) return { name, state: 'unknown', declared }
  const why = misfit(rule, value)
  return {
    name,
    state: why === undefined ? 'ok' : 'unfit',
    ...(why === undefined ? {} : { why }),
    bytes: value.length,
    declared,
  }
}

function declaration({ format, length, shared, services, as }: SecretRule): string {
  return [
    format,
    length === undefined ? undefined : lengthText(length),
    shared ? 'shared' : undefined,
    services.length === 0 ? undefined : `${as} for ${services.join(', ')}`,
  ]
    .filter(part => part !== undefined)
    .join(', ')
}

function lengthText({ least, most }: LengthRange): string {
  if (least === most) return `${least} characters`
  if (most === Number.MAX_SAFE_INTEGER) return `at least ${least}`
  return least === 0 ? `at most ${most}` : `${least} to ${most}`
}

function listText(
  list: { environment: string; file: string; readers: string[]; rows: Row[] },
  context: Context,
): string {
  const { paint } = context.stdout
  const styles = { ok: paint.good, missing: paint.bad, unfit: paint.bad, unknown: paint.dim }
  const rows = list.rows.map(row => [
    { text: row.name, style: paint.strong },
    {
      text: row.state === 'missing' && row.why === 'optional' ? 'not set' : row.state,
      style: row.why === 'optional' ? paint.dim : styles[row.state],
    },
    { text: row.bytes === undefined ? '' : bytes(row.bytes), style: paint.dim },
    { text: row.state === 'unfit' ? (row.why ?? '') : row.declared, style: paint.dim },
  ])
  const columns = [
    { title: 'SECRET' },
    { title: '' },
    { title: 'SIZE', align: 'right' as const },
    { title: 'DECLARED' },
  ]
  return [
    `${paint.strong(`${list.environment}: ${plural(list.rows.length, 'secret')}`)}  ${paint.dim(oneLine(list.file))}`,
    ...(list.readers.length === 0 ? [] : [`  ${paint.dim('readable by')} ${oneLine(list.readers.join(', '))}`]),
    ...(rows.length === 0 ? [] : ['', ...table(columns, rows, context.stdout)]),
    '',
  ].join('\n')
}
