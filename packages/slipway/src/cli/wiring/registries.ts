import { join } from 'node:path'
import type { EnvironmentConfig } from '../../config/model.ts'
import type { RegistryLogin } from '../../engine/registry-login.ts'
import { textOf } from '../../secrets/rules.ts'
import { visibleVariables } from '../../source/environment-values.ts'
import { SlipwayError } from '../../support/errors.ts'

/** How one logs in to the registries of slipway.yaml: with secrets of the environment. */
export async function registryLogins(
  config: EnvironmentConfig,
  values: ReadonlyMap<string, Uint8Array>,
): Promise<RegistryLogin[]> {
  const wanted = Object.entries(config.registries ?? {}).flatMap(([registry, { login }]) =>
    login === undefined ? [] : [{ registry, login }],
  )
  if (wanted.length === 0) return []
  const visible = await visibleVariables(config.envFile ?? join(config.directory, '.env'))
  return wanted.map(({ registry, login }) => {
    const sealed = values.get(login.password)
    const password = (sealed === undefined ? visible[login.password] : textOf(sealed))?.replace(/\r?\n$/, '')
    if (password !== undefined && password !== '') return { registry, user: login.user, password }
    throw new SlipwayError('SECRET_MISSING', `There is no password to log in to ${registry} with`, {
      why: `slipway.yaml takes it from the secret ${login.password}, which ${config.environment} does not have`,
      state: 'nothing was changed',
      next: `slipway secrets set ${config.environment} ${login.password}`,
    })
  })
}
