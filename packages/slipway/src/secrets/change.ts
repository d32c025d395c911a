import { SlipwayError } from '../support/errors.ts'
import { encryptor } from './age.ts'
import type { OpenSecrets, Owner } from './open.ts'
import { newSealKeys, printSealKeys, type SealKeys, sealOf } from './seal.ts'
import { type Contents, inOrder, type Recipient, type SealedFile } from './sealed-file.ts'

/** New states of a file of secrets. What does not change keeps its ciphertext, so that a diff shows only what did. */

export async function newSecrets(owner: Owner, recipients: readonly Recipient[]): Promise<OpenSecrets> {
  const contents = { ...owner, revision: 1, recipients, values: new Map<string, string>() }
  return sealed(contents, new Map(), newSealKeys())
}

/** Some values anew, and without those that are undefined. */
export async function withValues(
  before: OpenSecrets,
  changes: ReadonlyMap<string, Uint8Array | undefined>,
): Promise<OpenSecrets> {
  const clear = new Map(before.values)
  const values = new Map(before.sealed.values)
  const encrypt = await encryptor(keysOf(before.sealed.recipients))
  for (const [name, value] of changes) {
    if (value !== undefined && value.length > largestValue) throw tooLarge(name)
    clear.delete(name)
    values.delete(name)
    if (value === undefined) continue
    clear.set(name, value)
    values.set(name, await encrypt(value))
  }
  return sealed({ ...before.sealed, values: inOrder(values) }, clear, before.keys, before.sealed)
}

/** Everything is encrypted anew; who is no longer among the recipients does not get the new key of the seal either. */
export async function withRecipients(before: OpenSecrets, recipients: readonly Recipient[]): Promise<OpenSecrets> {
  const encrypt = await encryptor(keysOf(recipients))
  const values = new Map<string, string>()
  for (const [name, value] of before.values) values.set(name, await encrypt(value))
  const kept = new Set(keysOf(recipients))
  const somebodyLeft = before.sealed.recipients.some(recipient => !kept.has(recipient.key))
  const keys = somebodyLeft ? newSealKeys(before.keys) : before.keys
  return sealed({ ...before.sealed, recipients, values }, before.values, keys)
}

/** Compose, Git and a person's eyes are not made for more: that is a file, and belongs into a volume or an image. */
export const largestValue = 16 * 1024 * 1024

/** With the seal's own ciphertext of before, when keys and recipients are the same. */
async function sealed(
  given: Contents & { seal?: SealedFile['seal'] },
  clear: ReadonlyMap<string, Uint8Array>,
  keys: SealKeys,
  same?: SealedFile,
): Promise<OpenSecrets> {
  const { app, environment, recipients, values } = given
  const contents: Contents = {
    app,
    environment,
    revision: given.seal === undefined ? 1 : given.revision + 1,
    recipients,
    values,
  }
  const encrypt = await encryptor(keysOf(recipients))
  const encryptedKeys = same?.seal.keys ?? (await encrypt(Buffer.from(printSealKeys(keys))))
  return {
    sealed: { ...contents, seal: { keys: encryptedKeys, mac: sealOf(contents, clear, keys[0]) } },
    values: clear,
    keys,
  }
}

function keysOf(recipients: readonly Recipient[]): string[] {
  return recipients.map(recipient => recipient.key)
}

function tooLarge(name: string): SlipwayError {
  return new SlipwayError('SECRET_INVALID', `The value of ${name} is larger than ${largestValue / 1024 ** 2} MB`, {
    state: 'nothing was changed',
    next: 'Put a file of that size into a volume, and only its key into the secrets.',
  })
}
