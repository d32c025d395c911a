import { SlipwayError } from '../support/errors.ts'
import { readIfPresent } from '../support/files.ts'
import { type Decrypt, decryptor, recipientOf } from './age.ts'
import type { Identities } from './identities.ts'
import { isSealedBy, parseSealKeys, type SealKeys } from './seal.ts'
import type { SealedFile } from './sealed-file.ts'
import { parseSealedFile } from './sealed-yaml.ts'
import { unusableFile } from './unusable-file.ts'

/** A file of secrets, read but not opened: names and recipients stand in clear. Undefined: there is none. */
export async function readSealedFile(file: string): Promise<SealedFile | undefined> {
  const text = await readIfPresent(file).catch((error: unknown) => {
    throw unusableFile(file, 'read', error)
  })
  return text === undefined ? undefined : parseSealedFile(text, file)
}

/** Decrypts a file of secrets and proves its seal. What does not hold is refused as a whole: no value gets out. */
export async function openSealedFile(
  sealed: SealedFile,
  file: string,
  who: Owner,
  identities: Identities,
): Promise<OpenSecrets> {
  proveOwner(sealed, file, who)
  const decrypt = await decryptorFor(identities)
  const keys = parseSealKeys(Buffer.from(await decryptSeal(sealed, file, identities, decrypt)).toString('latin1'))
  if (keys === undefined) throw tampered(file, 'its seal has no key')
  const values = new Map<string, Uint8Array>()
  for (const [name, armored] of sealed.values) {
    try {
      values.set(name, await decrypt(armored))
    } catch (error) {
      throw tampered(file, `${name} can not be decrypted by a key that opens the seal`, error)
    }
  }
  return openedWith(sealed, file, who, values, keys)
}

/** The same with values that are in clear already. */
export function openedWith(
  sealed: SealedFile,
  file: string,
  who: Owner,
  values: ReadonlyMap<string, Uint8Array>,
  keys: SealKeys,
): OpenSecrets {
  proveOwner(sealed, file, who)
  if (isSealedBy(sealed, values, keys[0])) return { sealed, values, keys }
  throw tampered(
    file,
    'its seal does not fit what is in it: a value, a name or a recipient was changed, moved or put back by hand',
  )
}

function proveOwner(sealed: SealedFile, file: string, who: Owner): void {
  if (sealed.app === who.app && sealed.environment === who.environment) return
  throw tampered(
    file,
    `it is the file of ${sealed.app} in ${sealed.environment}, not of ${who.app} in ${who.environment}`,
  )
}

/** Whose secrets they must be. */
export interface Owner {
  app: string
  environment: string
}

export interface OpenSecrets {
  sealed: SealedFile
  values: ReadonlyMap<string, Uint8Array>
  keys: SealKeys
}

async function decryptorFor(identities: Identities): Promise<Decrypt> {
  try {
    return await decryptor(identities.keys)
  } catch (error) {
    throw new SlipwayError('AGE_KEY_UNUSABLE', 'The age key can not be used', {
      // The library's message may quote the key.
      why: `a key of ${identities.from} is damaged: its checksum does not fit`,
      state: 'nothing was changed',
      next: 'Bring the key back as age-keygen printed it.',
      cause: error instanceof Error ? error.name : undefined,
    })
  }
}

async function decryptSeal(
  sealed: SealedFile,
  file: string,
  identities: Identities,
  decrypt: Decrypt,
): Promise<Uint8Array> {
  try {
    return await decrypt(sealed.seal.keys)
  } catch (error) {
    const mine = await Promise.all(identities.keys.map(recipientOf))
    const known = sealed.recipients.find(recipient => mine.includes(recipient.key))
    if (known !== undefined)
      throw tampered(file, `its seal can not be opened by ${known.name}, whom it names as a recipient`, error)
    const holders = sealed.recipients.map(recipient => recipient.name).join(', ')
    throw new SlipwayError('AGE_KEY_UNUSABLE', `No key at hand opens ${file}`, {
      why:
        mine.length === 0
          ? `there is no key: neither SLIPWAY_AGE_KEY nor ${identities.from}`
          : `${identities.from} has the key of ${mine.join(', ')}`,
      state: 'nothing was changed',
      next: `It can be opened by ${holders}. Set SLIPWAY_AGE_KEY or SLIPWAY_AGE_KEY_FILE, or ask one of them: slipway secrets recipients add ${sealed.environment} <name> ${mine[0] ?? 'age1…'}`,
    })
  }
}

function tampered(file: string, why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('SECRETS_TAMPERED', `${file} is not as it was sealed`, {
    why,
    state: 'nothing was changed, and none of its values was used',
    next: 'Look at who changed it (git log -p) and bring the last good one back. Values are changed with `slipway secrets set` or `edit`, never by hand.',
    cause,
  })
}
