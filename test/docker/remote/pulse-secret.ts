import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newIdentity, recipientOf } from '../../../packages/slipway/src/secrets/age.ts'
import { newSecrets, withValues } from '../../../packages/slipway/src/secrets/change.ts'
import { printSealedFile } from '../../../packages/slipway/src/secrets/sealed-yaml.ts'

/** One secret in the encrypted file, whose key is known to the command line alone. Returns that key. */
export async function sealSecret(pulse: Sealing, name: string, value: string): Promise<string> {
  const identity = await newIdentity()
  pulse.variables['SLIPWAY_AGE_KEY'] = identity
  const open = await newSecrets({ app: pulse.app, environment: 'prod' }, [
    { name: 'laptop', kind: 'person', key: await recipientOf(identity) },
  ])
  const { sealed } = await withValues(open, new Map([[name, Buffer.from(value)]]))
  await mkdir(join(pulse.directory, 'secrets'))
  await writeFile(join(pulse.directory, 'secrets/prod.yaml'), printSealedFile(sealed))
  return identity
}

/** An app in a folder, and what its command line is told beside what it always is. */
interface Sealing {
  app: string
  directory: string
  variables: Record<string, string>
}
