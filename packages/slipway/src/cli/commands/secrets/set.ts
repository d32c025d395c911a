import { largestValue } from '../../../secrets/change.ts'
import { requireSecretName } from '../../../secrets/names.ts'
import { CalledOff } from '../../../support/called-off.ts'
import { exitCodes, SlipwayError } from '../../../support/errors.ts'
import { unlessAborted } from '../../../support/unless-aborted.ts'
import type { Handler } from '../../command.ts'
import type { Context } from '../../context.ts'
import { done, note, openOrCreate, saveValues, secretsOf } from './opened.ts'

export const run: Handler<SetInput> = async ({ environment, name, exact }, context) => {
  requireSecretName(name)
  const secrets = await secretsOf(context, environment)
  const before = await openOrCreate(secrets, context)
  const value = await typedOrPiped(name, exact, context)
  const { sealed } = await saveValues(secrets, before, new Map([[name, value]]), context)
  const changed = before.values.has(name) ? 'changed' : 'new'
  const { file } = secrets.config.secrets
  return {
    exitCode: exitCodes.ok,
    document: { environment, name, change: changed, bytes: value.length, revision: sealed.revision, file },
    text: () =>
      done(context, `${name} is ${changed === 'new' ? 'set' : 'changed'} in ${file}; the next deployment takes it`),
  }
}

interface SetInput {
  environment: string
  name: string
  exact: boolean
}

/** From a person twice, because nobody sees a slip; from a program as it is, but for the line break that `echo` adds. */
export async function typedOrPiped(name: string, exact: boolean, context: Context): Promise<Uint8Array> {
  const { input } = context
  if (!input.terminal) return asPiped(name, exact, await input.all(largestValue))
  const first = await input.hidden(`Value of ${name}, not shown: `)
  const second = await input.hidden('Once more: ')
  if (first === second) return notEmpty(name, Buffer.from(first))
  throw new SlipwayError('USAGE', 'The two are not the same', { state: 'nothing was changed', next: 'Try again.' })
}

/** For a value that may also be made up: undefined when nothing at all comes in. A line break alone is a mistake of who sent it. */
export async function pipedIn(name: string, context: Context): Promise<Uint8Array | undefined> {
  if (context.input.terminal) return undefined
  const waiting = setTimeout(() => {
    note(context, 'waiting for the end of what is piped in. With < /dev/null nothing is, and a value is made up')
  }, patienceMs)
  const piped = await unlessAborted(context.input.all(largestValue), context.signal)
    .catch((error: unknown) => {
      throw context.signal.aborted ? new CalledOff() : error
    })
    .finally(() => clearTimeout(waiting))
  return piped.length === 0 ? undefined : asPiped(name, false, piped)
}

const patienceMs = 2000

function asPiped(name: string, exact: boolean, bytes: Uint8Array): Uint8Array {
  const piped = Buffer.from(bytes)
  const end = exact || piped.at(-1) !== 10 ? piped.length : piped.at(-2) === 13 ? piped.length - 2 : piped.length - 1
  return notEmpty(name, piped.subarray(0, end))
}

function notEmpty(name: string, value: Uint8Array): Uint8Array {
  if (value.length > 0) return value
  throw new SlipwayError('USAGE', `The value of ${name} is empty`, {
    why: 'nothing was typed or piped in',
    state: 'nothing was changed',
    next: 'To take a secret away: slipway secrets remove.',
  })
}
