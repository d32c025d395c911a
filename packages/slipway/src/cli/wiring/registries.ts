import { join } from 'node:path'
import type { EnvironmentConfig } from '../../config/model.ts'
import type { RegistryLogin } from '../../engine/registry-login.ts'
import { textOf } from '../../secrets/rules.ts'
import { visibleVariables } from '../../source/environment-values.ts'
import { SlipwayError } from '../../support/errors.ts'
import { openEnvironmentSecrets } from './environment-secrets.ts'

/** Passwords that are set where somebody works, by the names of the secrets: a server is told them for one deployment. */
export function passwordsHere(config: EnvironmentConfig, environment: NodeJS.ProcessEnv): Record<string, string> {
  const names = Object.values(config.registries ?? {}).flatMap(({ login }) => login?.password ?? [])
  return Object.fromEntries(names.flatMap(name => (environment[name] === undefined ? [] : [[name, environment[name]]])))
}

/** From here on this process, which is of one environment, logs in with these; no program that it starts sees them. */
export function takePasswords(passwords: Readonly<Record<string, string>> = {}): void {
  taken = passwords
}

let taken: Readonly<Record<string, string>> = {}

/** For the way back, which takes no key: who has none at hand asks a registry without. */
export async function loginsAtHand(config: EnvironmentConfig): Promise<RegistryLogin[]> {
  if (config.registries === undefined) return []
  try {
    return await registryLogins(config, (await openEnvironmentSecrets(config))?.values ?? new Map())
  } catch (error) {
    if (error instanceof SlipwayError && ['AGE_KEY_UNUSABLE', 'SECRET_MISSING'].includes(error.code)) return []
    throw error
  }
}

/** How one logs in to the registries of slipway.yaml: with secrets of the environment. */
export async function registryLogins(
  config: EnvironmentConfig,
  values: ReadonlyMap<string, Uint8Array>,
): Promise<RegistryLogin[]> {
  const wanted = Object.entries(config.registries ?? {}).flatMap(([registry, { login }]) =>
    login === undefined ? [] : [{ registry, login }],
  )
  if (wanted.length === 0) return []
  const visible = { ...(await visibleVariables(config.envFile ?? join(config.directory, '.env'))), ...taken }
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
