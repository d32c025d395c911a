import { ruleOf } from '../../../secrets/check.ts'
import { withValues } from '../../../secrets/change.ts'
import type { OpenSecrets } from '../../../secrets/open.ts'
import { generate, misfit } from '../../../secrets/rules.ts'
import { CalledOff, proveNotCalledOff } from '../../../support/called-off.ts'
import { exitCodes, SlipwayError } from '../../../support/errors.ts'
import type { SecretsOfEnvironment } from '../../application.ts'
import type { Handler } from '../../command.ts'
import { openApplication, type Context } from '../../context.ts'
import { oneLine } from '../../render/harmless.ts'
import { carryOut } from '../carry-out.ts'
import {
  databaseLoginIn,
  loginOf,
  type OldLogin,
  proveMadeHere,
  proveOtherLogin,
  withNewLogin,
} from './database-login.ts'
import { proveTaken } from './kept-previous.ts'
import { done, note, openSecrets, secretsOf, valueOf } from './opened.ts'
import { pipedIn, typedOrPiped } from './set.ts'

export const run: Handler<RotateInput> = async (input, context) => {
  const { environment, name, later, deployed } = input
  const secrets = await secretsOf(context, environment)
  const before = await openSecrets(secrets)
  const old = valueOf(before, name, environment)
  const login = databaseLoginIn(name, before, secrets.config)
  const { previous } = ruleOf(secrets.config.secrets.rules, name)
  if (previous !== undefined && !deployed) await proveTaken({ environment, name, previous }, before, context)
  const after = await rotated(input, before, { old, login }, secrets, context)
  // Whoever was to give the value may have been ended by the same Ctrl-C, and nothing have come of it.
  proveNotCalledOff(context.signal)
  await secrets.save(after, before)
  const { file } = secrets.config.secrets
  const fromGit = secrets.config.source.kind === 'git'
  if (later || fromGit) {
    return {
      exitCode: exitCodes.ok,
      document: { environment, name, rotated: 'file', file },
      text: () =>
        done(context, `${name} is changed in ${file}, and nowhere else yet`) +
        `  ${fromGit ? `commit and push it, then: ` : ''}slipway deploy ${environment}\n`,
    }
  }
  const application = await openApplication(context, environment)
  const request = { signal: context.signal }
  let hasBegun = false
  try {
    const result = await carryOut(application, context, emit =>
      application.deploy(request, event => {
        hasBegun = true
        emit(event)
      }),
    )
    // With 4 the new release serves, badly: it has the new value.
    if (result.exitCode !== exitCodes.ok && result.exitCode !== exitCodes.needsPerson)
      await takeBack(name, secrets, before, after, context)
    if (isUnchanged(result.document))
      note(context, `nothing that was deployed uses ${name}: the new value is in ${file} alone`)
    else if (result.exitCode === exitCodes.ok) {
      tellOfNew(name, login === undefined ? undefined : loginOf(after.values.get(name)), file, context)
      if (login !== undefined) tellOfOld(login, context)
    }
    return result
  } catch (error) {
    if (hasBegun || isOpen(error))
      note(context, `whether the new ${name} comes live is not known here: ${file} keeps it`)
    else await takeBack(name, secrets, before, after, context)
    throw error
  }
}

/** Only the watching has ended: what serves may have the new value already, and the next deployment brings it in any case. */
function isOpen(error: unknown): boolean {
  if (error instanceof CalledOff) return false
  return error instanceof SlipwayError && ['SERVER_LOST', 'RUNNER_FAILED', 'INTERRUPTED'].includes(error.code)
}

interface RotateInput {
  environment: string
  name: string
  stdin: boolean
  later: boolean
  deployed: boolean
}

async function rotated(
  { environment, name, stdin }: RotateInput,
  before: OpenSecrets,
  { old, login }: { old: Uint8Array; login: OldLogin | undefined },
  { config }: SecretsOfEnvironment,
  context: Context,
): Promise<OpenSecrets> {
  const rule = ruleOf(config.secrets.rules, name)
  const kept = rule.previous === undefined ? [] : [[rule.previous, old] as const]
  const given = stdin ? await typedOrPiped(name, false, context) : await pipedIn(name, context)
  if (login !== undefined && given === undefined)
    return withValues(before, new Map([...withNewLogin(login, name, before), ...kept]))
  if (given === undefined) proveMadeHere(name, old, config)
  const made = given === undefined ? generate(rule) : undefined
  const value = given ?? (made === undefined ? undefined : Buffer.from(made))
  if (value === undefined) {
    throw new SlipwayError('USAGE', `A new value of ${name} can not be made up`, {
      why: 'only somebody else can make a value of its format',
      state: 'nothing was changed',
      next: `slipway secrets rotate ${environment} ${name} --stdin < file`,
    })
  }
  const why = misfit(rule, value)
  if (why !== undefined || Buffer.compare(value, old) === 0) {
    throw new SlipwayError('SECRET_INVALID', `The new value of ${name} can not be used`, {
      why: why ?? 'it is the one of before',
      state: 'nothing was changed',
    })
  }
  if (login !== undefined) proveOtherLogin(login, name, value)
  return withValues(before, new Map([[name, value], ...kept]))
}

function tellOfNew(name: string, user: string | undefined, file: string, context: Context): void {
  const { paint, symbols, write } = context.stderr
  const is = user === undefined ? 'has its new value' : `is the login ${user} now`
  write(`  ${paint.good(symbols.done)} ${oneLine(`${name} ${is}, in ${file} and in what serves`)}\n`)
}

/** Going back needs it. */
function tellOfOld({ user, role }: OldLogin, context: Context): void {
  note(
    context,
    user === role
      ? `the password of the role ${role} still works, for releases that are kept have it. When none has it any more, change it: \\password ${role} in psql`
      : `the login ${user} still works, for releases that are kept have it. With the last of them it goes`,
  )
}

function isUnchanged(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'outcome' in document && document.outcome === 'unchanged'
}

/** What serves has the old value: the file must say so too, or the next deployment fails of it again. */
async function takeBack(
  name: string,
  secrets: SecretsOfEnvironment,
  before: OpenSecrets,
  after: OpenSecrets,
  context: Context,
): Promise<void> {
  await secrets.save(before, after)
  note(context, `${name} has its old value again, as what serves`)
}
