import { ruleOf } from '../../../secrets/check.ts'
import { withValues } from '../../../secrets/change.ts'
import type { OpenSecrets } from '../../../secrets/open.ts'
import { generate, misfit, textOf } from '../../../secrets/rules.ts'
import { exitCodes, SlipwayError } from '../../../support/errors.ts'
import type { SecretsOfEnvironment } from '../../application.ts'
import type { Handler } from '../../command.ts'
import { openApplication, type Context } from '../../context.ts'
import { carryOut } from '../carry-out.ts'
import { done, note, openSecrets, secretsOf, valueOf } from './opened.ts'
import { typedOrPiped } from './set.ts'

export const run: Handler<RotateInput> = async (input, context) => {
  const { environment, name, later } = input
  const secrets = await secretsOf(context, environment)
  const before = await openSecrets(secrets)
  const old = valueOf(before, name, environment)
  refuseDatabase(name, before)
  const after = await rotated(input, before, old, secrets, context)
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
  try {
    const result = await carryOut(application, context, emit => application.deploy(request, emit))
    // With 4 the new release serves, badly: it has the new value.
    if (result.exitCode !== exitCodes.ok && result.exitCode !== exitCodes.needsPerson)
      await takeBack(name, secrets, before, after, context)
    if (isUnchanged(result.document))
      note(context, `nothing that was deployed uses ${name}: the new value is in ${file} alone`)
    return result
  } catch (error) {
    await takeBack(name, secrets, before, after, context)
    throw error
  }
}

interface RotateInput {
  environment: string
  name: string
  stdin: boolean
  later: boolean
}

async function rotated(
  { environment, name, stdin }: RotateInput,
  before: OpenSecrets,
  old: Uint8Array,
  { config }: SecretsOfEnvironment,
  context: Context,
): Promise<OpenSecrets> {
  const rule = ruleOf(config.secrets.rules, name)
  const made = stdin ? undefined : generate(rule)
  if (!stdin && made === undefined) {
    throw new SlipwayError('USAGE', `A new value of ${name} can not be made up`, {
      why: 'only somebody else can make a value of its format',
      state: 'nothing was changed',
      next: `slipway secrets rotate ${environment} ${name} --stdin < file`,
    })
  }
  const value = made === undefined ? await typedOrPiped(name, false, context) : Buffer.from(made)
  const why = misfit(rule, value)
  if (why !== undefined || Buffer.compare(value, old) === 0) {
    throw new SlipwayError('SECRET_INVALID', `The new value of ${name} can not be used`, {
      why: why ?? 'it is the one of before',
      state: 'nothing was changed',
    })
  }
  const changes = new Map<string, Uint8Array>([[name, value]])
  if (rule.previous !== undefined) changes.set(rule.previous, old)
  return withValues(before, changes)
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

/** PostgreSQL knows one password for a role: old and new release can not both log in while one takes over. */
function refuseDatabase(name: string, before: OpenSecrets): void {
  const value = textOf(valueOf(before, name, ''))?.trim() ?? ''
  const addresses = [...before.values.values()]
    .map(each => textOf(each) ?? '')
    .filter(text => /^postgres(ql)?:\/\//.test(text))
  const inAddress = addresses.some(address => value !== '' && passwordOf(address) === value)
  if (!inAddress && !addresses.includes(value) && !/^(POSTGRES|PG|DB|DATABASE)_?PASS/i.test(name)) return
  throw new SlipwayError('USAGE', `${name} is the login of the database, which is not rotated this way`, {
    why: 'PostgreSQL has one password for a role: while the new release takes over from the old one, one of the two could not log in',
    state: 'nothing was changed',
    next: 'Make a second role with the same rights, set its login here (slipway secrets edit), deploy, and remove the first: see the guide.',
  })
}

function passwordOf(address: string): string | undefined {
  try {
    return decodeURIComponent(new URL(address).password)
  } catch {
    return undefined
  }
}
