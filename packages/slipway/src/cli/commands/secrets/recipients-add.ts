import { isRecipient, newIdentity, recipientOf } from '../../../secrets/age.ts'
import { withRecipients } from '../../../secrets/change.ts'
import type { RecipientKind } from '../../../secrets/sealed-file.ts'
import { recipientName } from '../../../secrets/sealed-yaml.ts'
import { exitCodes, SlipwayError } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { oneLine } from '../../render/harmless.ts'
import { note, openOrCreate, secretsOf } from './opened.ts'

export const run: Handler<AddInput> = async ({ environment, name, key, kind, generate }, context) => {
  if (!recipientName.test(name))
    throw refused(
      `${oneLine(name).slice(0, 60)} can not be the name of a recipient`,
      'Use letters, digits, @, dot, hyphen and underscore.',
    )
  if ((key === undefined) === !generate)
    throw refused(
      'Either a public key is given, or --generate makes one',
      'slipway secrets recipients add prod bea age1…',
    )
  const secrets = await secretsOf(context, environment)
  const before = await openOrCreate(secrets, context)
  const identity = generate ? await newIdentity() : undefined
  const publicKey = identity === undefined ? (key ?? '') : await recipientOf(identity)
  if (/^AGE-SECRET-KEY/i.test(publicKey))
    throw refused(
      'That is a private key, and it now stands in the history of your shell',
      'Make a new one, and give the public key: age1….',
    )
  if (!(await isRecipient(publicKey)))
    throw refused(
      'That is no public key of age',
      'It begins with age1 and has 62 characters: slipway secrets key shows one’s own.',
    )
  const { recipients } = before.sealed
  const same = recipients.find(each => each.name === name || each.key === publicKey)
  if (same !== undefined)
    throw refused(`${same.name} is a recipient already`, `slipway secrets recipients list ${environment}`)
  const after = await withRecipients(before, [...recipients, { name, kind: kind ?? 'person', key: publicKey }])
  const save = async (): Promise<void> => {
    await secrets.save(after, before)
    note(context, `${name} can read all ${after.values.size} secrets of ${environment}, and will read all that come`)
  }
  if (identity === undefined) await save()
  return {
    exitCode: exitCodes.ok,
    document: {
      environment,
      name,
      kind: kind ?? 'person',
      key: publicKey,
      ...(identity === undefined ? {} : { identity }),
    },
    text: () => (identity === undefined ? '' : `${identity}\n`),
    ...(identity === undefined
      ? {}
      : {
          // A recipient whose private half nobody has would look like a way back, and be none.
          onceWritten: async failure => {
            if (failure !== undefined) throw notTaken(failure)
            note(context, 'the private key is on stdout, this once: keep it where only its holder comes')
            await save()
          },
        }),
  }
}

interface AddInput {
  environment: string
  name: string
  key: string | undefined
  kind: RecipientKind | undefined
  generate: boolean
}

function notTaken(cause: Error): SlipwayError {
  return new SlipwayError('AGE_KEY_UNUSABLE', 'The private key could not be written to stdout', {
    why: 'the program that was to take it has ended',
    state: 'nothing was changed: nobody was added, and the key is good for nothing',
    next: 'See why that program ended, and do it again.',
    cause,
  })
}

function refused(title: string, next: string): SlipwayError {
  return new SlipwayError('USAGE', title, { state: 'nothing was changed', next })
}
