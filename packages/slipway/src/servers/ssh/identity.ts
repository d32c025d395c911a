import { stat, symlink } from 'node:fs/promises'
import { SlipwayError } from '../../support/errors.ts'
import { isMissing } from '../../support/files.ts'
import type { ServerAddress } from './address.ts'
import { identityLink } from './ssh-argv.ts'

/** Makes the private key known by a plain path. Also the parts beside it: with a passphrase, ssh asks the agent for the key of the public half. */
export async function linkIdentity(server: ServerAddress, file: string, folder: string): Promise<void> {
  try {
    await stat(file)
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new SlipwayError('LOGIN_REFUSED', `Connecting to server ${server.name}`, {
      why: `There is no private key at ${file}.`,
      state: 'Nothing was sent.',
      next: `Check the identity of ${server.name} in slipway.yaml.`,
    })
  }
  for (const suffix of ['', '.pub', '-cert.pub']) {
    const there = suffix === '' || (await stat(`${file}${suffix}`).then(Boolean, () => false))
    if (there) await symlink(`${file}${suffix}`, `${identityLink(folder)}${suffix}`)
  }
}
