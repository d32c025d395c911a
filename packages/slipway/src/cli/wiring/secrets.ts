import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { findConfig, listEnvironments, loadConfig } from '../../config/load.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { newSecrets } from '../../secrets/change.ts'
import { ownKey } from '../../secrets/identities.ts'
import { type OpenSecrets, readSealedFile } from '../../secrets/open.ts'
import type { Recipient } from '../../secrets/sealed-file.ts'
import { printSealedFile, recipientName } from '../../secrets/sealed-yaml.ts'
import { unusableFile } from '../../secrets/unusable-file.ts'
import { SlipwayError } from '../../support/errors.ts'
import { readIfPresent, writeAtomically } from '../../support/files.ts'
import { userName } from '../../support/user-name.ts'
import { oneAtATime } from '../../support/held-file.ts'
import type { OpenSecretsOf, SecretsOfEnvironment } from '../application.ts'
import { secretFindings } from './declared-secrets.ts'
import { openEnvironmentSecrets } from './environment-secrets.ts'

/** The encrypted secrets of one environment, or of all. */
export const openSecrets: OpenSecretsOf = async (configFile, environment) => {
  const file = configFile === undefined ? await findConfig(process.cwd()) : resolve(configFile)
  const names = environment === undefined ? await listEnvironments(file) : [environment]
  return Promise.all(names.map(async name => fileSecrets((await loadConfig(file, name)).config)))
}

function fileSecrets(config: EnvironmentConfig): SecretsOfEnvironment {
  const { file } = config.secrets
  return {
    config,
    read: () => readSealedFile(file),
    open: () => openEnvironmentSecrets(config),
    findings: secrets => secretFindings(config, secrets?.values),
    async create() {
      const own = await ownKey()
      const recipients = own.recipients.map((key, index): Recipient => ({ name: nameOf(index), kind: 'person', key }))
      const owner = { app: config.app, environment: config.environment }
      return { secrets: await newSecrets(owner, recipients), keyMade: own.made ? own.from : undefined }
    },
    save: (secrets, before) =>
      saved(file, secrets, before).catch((error: unknown) => {
        throw unusableFile(file, 'written', error)
      }),
  }
}

async function saved(file: string, secrets: OpenSecrets, before: OpenSecrets | undefined): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await oneAtATime(dirname(file), async () => {
    const found = await readIfPresent(file)
    // Windows line ends and comments of one's own make no difference.
    const same =
      found === undefined || (before !== undefined && (await readSealedFile(file))?.seal.mac === before.sealed.seal.mac)
    if (!same) throw changedMeanwhile(file)
    await writeAtomically(file, printSealedFile(secrets.sealed), 0o644)
  })
}

function nameOf(index: number): string {
  const name = (userName() ?? '').replaceAll(/[^A-Za-z0-9._-]/g, '')
  const usable = recipientName.test(name) ? name : 'me'
  return index === 0 ? usable : `${usable}-${index + 1}`
}

function changedMeanwhile(file: string): SlipwayError {
  return new SlipwayError('SECRETS_INVALID', `${file} was changed by somebody else meanwhile`, {
    state: 'nothing was written',
    next: 'Do it again.',
  })
}
