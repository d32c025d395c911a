import { withValues } from '../../../secrets/change.ts'
import { misfit } from '../../../secrets/rules.ts'
import { ruleOf } from '../../../secrets/check.ts'
import { withoutValue } from '../../../secrets/names.ts'
import type { OpenSecrets } from '../../../secrets/open.ts'
import { SlipwayError } from '../../../support/errors.ts'
import type { SecretsOfEnvironment } from '../../application.ts'
import type { Context } from '../../context.ts'
import { oneLine } from '../../render/harmless.ts'
import { writeNote } from '../../render/note.ts'

/** The secrets of the environment that a command names. */
export async function secretsOf(context: Context, environment: string): Promise<SecretsOfEnvironment> {
  const [found] = await (await context.wiring()).openSecrets(context.options.config, environment)
  if (found === undefined) throw new SlipwayError('BUG', 'No environment was opened')
  return found
}

/** Opened, or told how to begin. */
export async function openSecrets(secrets: SecretsOfEnvironment): Promise<OpenSecrets> {
  const opened = await secrets.open()
  if (opened !== undefined) return opened
  const { file } = secrets.config.secrets
  const { environment } = secrets.config
  throw new SlipwayError('SECRET_MISSING', `${environment} has no secrets yet`, {
    why: `there is no file ${file}`,
    state: 'nothing was changed',
    next: `slipway secrets set ${environment} <name>, or generate: both make the file`,
  })
}

/** Opened, or made for the key at hand. */
export async function openOrCreate(secrets: SecretsOfEnvironment, context: Context): Promise<OpenSecrets> {
  const opened = await secrets.open()
  if (opened !== undefined) return opened
  const created = await secrets.create()
  const { environment } = secrets.config
  if (created.keyMade !== undefined)
    note(context, `made a key for you: ${created.keyMade}. Whoever has this file can read the secrets`)
  note(
    context,
    `only your key will open them. Keep one offline too: slipway secrets recipients add ${environment} recovery --kind recovery --generate`,
  )
  return created.secrets
}

/** Writes changes, and warns of values that do not fit what is declared, or are required and gone. */
export async function saveValues(
  secrets: SecretsOfEnvironment,
  before: OpenSecrets,
  changes: ReadonlyMap<string, Uint8Array | undefined>,
  context: Context,
): Promise<OpenSecrets> {
  const after = await withValues(before, changes)
  await secrets.save(after, before)
  for (const [name, value] of changes) {
    const rule = ruleOf(secrets.config.secrets.rules, name)
    if (value === undefined && rule.required)
      note(context, `${name} is declared as required: without it a deployment is refused`)
    const why = value === undefined ? undefined : misfit(rule, value)
    if (why !== undefined)
      note(context, `${name} does not fit what slipway.yaml declares: ${why}. A deployment will be refused`)
  }
  return after
}

export function note(context: Context, text: string): void {
  writeNote(context.stderr, text, 'of weight')
}

export function done(context: Context, text: string): string {
  const { paint, symbols } = context.stdout
  return `${paint.good(symbols.done)} ${paint.strong(oneLine(text))}\n`
}

/** The value of a name that must be there. */
export function valueOf(opened: OpenSecrets, name: string, environment: string): Uint8Array {
  const value = opened.values.get(name)
  if (value !== undefined) return value
  throw new SlipwayError('SECRET_MISSING', `There is no secret ${oneLine(withoutValue(name))} in ${environment}`, {
    why: `it has ${[...opened.values.keys()].join(', ') || 'none'}`,
    next: `slipway secrets list ${environment}`,
  })
}
