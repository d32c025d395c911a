import type { Finding } from '../../../secrets/check.ts'
import { inCommon, type InCommon } from '../../../secrets/compare.ts'
import type { OpenSecrets } from '../../../secrets/open.ts'
import { exitCodes, SlipwayError } from '../../../support/errors.ts'
import type { SecretsOfEnvironment } from '../../application.ts'
import type { Handler } from '../../command.ts'
import type { Context } from '../../context.ts'
import { type Cell, table } from '../../render/table.ts'
import { plural } from '../../render/words.ts'
import { note } from './opened.ts'

export const run: Handler<{ environment: string | undefined }> = async ({ environment }, context) => {
  const wiring = await context.wiring()
  const all = await wiring.openSecrets(context.options.config, undefined)
  const wanted = environment === undefined ? all : await wiring.openSecrets(context.options.config, environment)
  const { opened, closed } = await openable(all, wanted, context)
  const looked = wanted.filter(({ config }) => !closed.has(config.environment))
  const found = looked.map(async (each): Promise<FoundIn[]> => {
    const { environment: name } = each.config
    return (await each.findings(opened.get(name))).map(finding => ({ environment: name, ...finding }))
  })
  const findings = (await Promise.all(found)).flat()
  const identical = identicalOnes(wanted, all, opened)
  const lonely = [...opened].flatMap(([name, { sealed }]) =>
    sealed.recipients.some(recipient => recipient.kind === 'recovery') ? [] : [name],
  )
  for (const name of lonely)
    note(
      context,
      `${name} has no recovery key: slipway secrets recipients add ${name} recovery --kind recovery --generate`,
    )
  // Without a file, what is declared was looked for all the same.
  const checked = looked
    .filter(({ config }) => opened.has(config.environment) || Object.keys(config.secrets.rules).length > 0)
    .map(({ config }) => config.environment)
  const bad = findings.filter(finding => finding.kind !== 'undeclared').length + identical.length
  return {
    exitCode: bad > 0 ? exitCodes.failedNothingChanged : exitCodes.ok,
    document: { checked, findings, identical, withoutRecovery: lonely },
    text: () => checkText({ checked, findings, identical, bad }, context),
  }
}

type FoundIn = Finding & { environment: string }
interface Identical {
  name: string
  environments: [string, string]
  /** Its name in the second of them, where it has another. */
  otherName?: string
  mend: InCommon['mend']
}

/** All that a key at hand opens; of those that were asked for by name, any other is an error. */
async function openable(
  all: readonly SecretsOfEnvironment[],
  wanted: readonly SecretsOfEnvironment[],
  context: Context,
): Promise<{ opened: Map<string, OpenSecrets>; closed: Set<string> }> {
  const opened = new Map<string, OpenSecrets>()
  const closed = new Set<string>()
  let why: SlipwayError | undefined
  for (const each of all) {
    const { environment } = each.config
    try {
      const secrets = await each.open()
      if (secrets !== undefined) opened.set(environment, secrets)
    } catch (error) {
      const asked = wanted.length === 1 && wanted[0]?.config.environment === environment
      if (!(error instanceof SlipwayError) || error.code !== 'AGE_KEY_UNUSABLE' || asked) throw error
      note(context, `${environment}: no key at hand opens its secrets, so it is not checked`)
      closed.add(environment)
      why ??= error
    }
  }
  // Green would say that what nobody looked at is good.
  const open = wanted.some(({ config }) => !closed.has(config.environment) && opened.has(config.environment))
  const shut = wanted.some(({ config }) => closed.has(config.environment))
  if (why !== undefined && shut && !open) throw nothingOpened([...closed], why)
  return { opened, closed }
}

function nothingOpened(environments: string[], { why, next }: SlipwayError): SlipwayError {
  return new SlipwayError('AGE_KEY_UNUSABLE', `No key at hand opens the secrets of ${environments.join(', ')}`, {
    why,
    state: 'nothing was checked',
    next,
  })
}

/** Pairs with one of the environments that were asked for. */
function identicalOnes(
  wanted: readonly SecretsOfEnvironment[],
  all: readonly SecretsOfEnvironment[],
  opened: ReadonlyMap<string, OpenSecrets>,
): Identical[] {
  return wanted.flatMap(({ config }, index) => {
    const left = opened.get(config.environment)
    const others = all.filter(
      each =>
        each.config.environment !== config.environment &&
        !wanted.slice(0, index).some(before => before.config.environment === each.config.environment),
    )
    return others.flatMap(other => {
      const right = opened.get(other.config.environment)
      if (left === undefined || right === undefined) return []
      const same = inCommon(
        { values: left.values, rules: config.secrets.rules },
        { values: right.values, rules: other.config.secrets.rules },
      )
      return same.map(
        ({ here, there, mend }): Identical => ({
          name: here,
          environments: [config.environment, other.config.environment],
          ...(here === there ? {} : { otherName: there }),
          mend,
        }),
      )
    })
  })
}

function checkText(
  {
    checked,
    findings,
    identical,
    bad,
  }: { checked: string[]; findings: FoundIn[]; identical: Identical[]; bad: number },
  context: Context,
): string {
  const { paint, symbols } = context.stdout
  const title =
    checked.length === 0
      ? `${paint.dim(symbols.skipped)} ${paint.strong('there are no secrets to check')}`
      : bad === 0
        ? `${paint.good(symbols.done)} ${paint.strong(`the secrets of ${checked.join(', ')} are as declared`)}`
        : `${paint.bad(symbols.failed)} ${paint.strong(plural(bad, 'mistake'))}`
  const row = (where: string, isError: boolean, what: string, mend: string): Cell[] => [
    { text: where, style: paint.strong },
    { text: isError ? 'error' : 'warning', style: isError ? paint.bad : paint.warning },
    { text: what },
    { text: mend, style: paint.dim },
  ]
  const rows = [
    ...findings.map(({ environment, kind, message, command, name }) =>
      row(environment, kind !== 'undeclared', message, `slipway secrets ${command} ${environment} ${name}`),
    ),
    ...identical.map(({ name, environments: [one, other], otherName = name, mend }) =>
      row(
        other,
        true,
        `${otherName}, or the password in it, is the same as ${name} in ${one}`,
        `slipway secrets ${mend} ${other} ${otherName}${mend === 'generate' ? ' --replace' : ''}`,
      ),
    ),
  ]
  const columns = [{ title: 'ENVIRONMENT' }, { title: '' }, { title: 'MISTAKE' }, { title: 'MEND' }]
  return [title, ...(rows.length === 0 ? [] : ['', ...table(columns, rows, context.stdout)]), ''].join('\n')
}
