import type { EnvironmentConfig } from '../../config/model.ts'
import { usedSecrets } from '../../config/used-secrets.ts'
import { checkSecrets, type Finding } from '../../secrets/check.ts'
import { visibleVariables } from '../../source/environment-values.ts'

/** What of an environment's secrets is not as slipway.yaml declares it. Without a file there are none but those of the env file. */
export async function secretFindings(
  config: EnvironmentConfig,
  sealed: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<Finding[]> {
  const { rules } = config.secrets
  if (Object.keys(rules).length === 0) return []
  const undeclared = [...sealed.keys()].filter(name => !Object.hasOwn(rules, name))
  return checkSecrets(await withVisible(config, sealed), rules, await usedSecrets(config, undeclared))
}

/** What is declared and not in the encrypted file may stand in the env file. */
async function withVisible(
  { secrets, envFile }: EnvironmentConfig,
  sealed: ReadonlyMap<string, Uint8Array>,
): Promise<Map<string, Uint8Array>> {
  const values = new Map(sealed)
  const visible = envFile === undefined ? process.env : await visibleVariables(envFile)
  for (const name of Object.keys(secrets.rules)) {
    const value = visible[name]
    if (!values.has(name) && value !== undefined && value !== '') values.set(name, Buffer.from(value))
  }
  return values
}
