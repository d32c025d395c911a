import { variablesOf } from '../../config/compose-secrets.ts'
import type { ComposeDocument } from '../../config/document.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { shownSecrets } from '../../config/shown-secrets.ts'
import type { Release } from '../../release/model.ts'
import { takenOver } from '../../secrets/handed-over.ts'
import { findIdentities } from '../../secrets/identities.ts'
import { isVariableName } from '../../secrets/names.ts'
import { openSealedFile, type OpenSecrets, readSealedFile } from '../../secrets/open.ts'
import { textOf } from '../../secrets/rules.ts'
import type { SealedFile } from '../../secrets/sealed-file.ts'
import { isSearchable } from '../../secrets/scan/text.ts'
import { looksSecret } from '../../secrets/secret-names.ts'
import { readSeal, type Seal, sealFile } from '../../store/seal.ts'
import { SlipwayError } from '../../support/errors.ts'
import { secretFindings } from './declared-secrets.ts'

/** The encrypted secrets of an environment, opened; undefined: it has none. */
export async function openEnvironmentSecrets(config: EnvironmentConfig): Promise<OpenSecrets | undefined> {
  const { file } = config.secrets
  const sealed = await readSealedFile(file)
  if (sealed === undefined) return undefined
  return takenOver(sealed, file, config) ?? openSealedFile(sealed, file, config, await findIdentities())
}

/**
 * To look at a server takes no key of its secrets, nor does bringing a deployment to its end: where none is at hand,
 * something stands in the place of each value, so that Compose can read its files.
 */
export async function variablesForLooking(config: EnvironmentConfig): Promise<Record<string, string>> {
  try {
    return variablesOf((await openEnvironmentSecrets(config))?.values ?? new Map())
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'AGE_KEY_UNUSABLE') {
      return standIns(await readSealedFile(config.secrets.file))
    }
    throw error
  }
}

export function standIns(sealed: SealedFile | undefined): Record<string, string> {
  const names = [...(sealed?.values.keys() ?? [])].filter(isVariableName)
  return Object.fromEntries(names.map(name => [name, 'x']))
}

export function sealOf({ keys, sealed }: OpenSecrets): Seal {
  return { key: Buffer.from(keys[0]).toString('base64'), revision: sealed.revision }
}

/** What must be taken out of everything that is printed. */
export function hiddenTexts(values: ReadonlyMap<string, Uint8Array>): string[] {
  return [...values].flatMap(([name, value]) => {
    const text = textOf(value)
    if (text === undefined || text.length > longest) return []
    return looksSecret(name) || text.includes('\n') || isSearchable(name, text) ? [text.trim()] : []
  })
}

const longest = 64 * 1024

/** Throws what a deployment must not be begun with; returns what a person should know of. */
export async function proveSecrets(given: GivenSecrets, current: Release | undefined): Promise<string[]> {
  const { config, document, secrets } = given
  await proveDeclared(config, secrets?.values)
  const follows = current === undefined ? [] : await proveSuccession(current, config, secrets)
  const loud = shownSecrets(document, secrets?.values ?? new Map()).map(
    ({ name, service, place, shownBy }) =>
      `the secret ${name} reaches ${service} in ${place}: ${shownBy} shows it. Give it as a file where the app can read one`,
  )
  return [...follows, ...loud]
}

export interface GivenSecrets {
  config: EnvironmentConfig
  document: ComposeDocument
  secrets?: OpenSecrets
}

async function proveDeclared(
  config: EnvironmentConfig,
  sealed: ReadonlyMap<string, Uint8Array> | undefined,
): Promise<void> {
  const { file } = config.secrets
  const findings = (await secretFindings(config, sealed)).filter(finding => finding.kind !== 'undeclared')
  const [first] = findings
  if (first === undefined) return
  const missing = findings.every(finding => finding.kind === 'missing')
  throw new SlipwayError(
    missing ? 'SECRET_MISSING' : 'SECRET_INVALID',
    `The secrets of ${config.environment} are not what ${config.file} declares`,
    {
      why: findings.map(finding => finding.message).join('; '),
      state: 'nothing was changed',
      next: `slipway secrets ${first.command} ${config.environment} ${first.name}   (they lie in ${file})`,
    },
  )
}

/** Whoever wrote the file must have been able to read the one before: anybody can encrypt to public keys. */
async function proveSuccession(
  current: Release,
  config: EnvironmentConfig,
  secrets: OpenSecrets | undefined,
): Promise<string[]> {
  const before = await readSeal(current.directory)
  if (before === undefined) return []
  if (secrets === undefined)
    return [`${config.secrets.file} is gone: ${current.id} still has its secrets, the new release gets none from there`]
  const known = secrets.keys.some(key => Buffer.from(key).toString('base64') === before.key)
  if (!known) {
    throw new SlipwayError('SECRETS_TAMPERED', `${config.secrets.file} does not follow on the secrets that serve now`, {
      why: `whoever made it could not read those of ${current.id}: the file as a whole was replaced`,
      state: 'nothing was changed',
      next: `Look at who changed it (git log -p). If you made it anew yourself, remove ${sealFile(current.directory)} and deploy again.`,
    })
  }
  const { revision } = secrets.sealed
  return revision < before.revision
    ? [
        `the secrets are older than those that serve: revision ${revision} after ${before.revision}. A value that was rotated may be back`,
      ]
    : []
}
