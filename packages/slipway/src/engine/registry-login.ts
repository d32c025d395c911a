import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { withPrivateFolder } from '../secrets/private-folder.ts'
import { docker as dockerRegistry } from './image-reference.ts'
import { tryDocker } from './docker.ts'
import { registryFailure } from './registry-failure.ts'

/** Who logs in to a registry, and with what. */
export interface RegistryLogin {
  registry: string
  user: string
  password: string
}

/**
 * Logs in for one piece of work and no longer. Docker keeps a login in a file of its configuration folder: here in one
 * made for the purpose, in memory where there is such a place, which only this user may enter and which is gone
 * afterwards. The folder of the person, and what else is logged in there, is only read.
 */
export async function withLogins<T>(
  logins: readonly RegistryLogin[],
  work: (environment: Record<string, string>) => Promise<T>,
): Promise<T> {
  if (logins.length === 0) return work({})
  return withPrivateFolder(async folder => {
    const usual = usualFolder()
    const config = withoutStores(await readFile(join(usual, 'config.json'), 'utf8').catch(() => ''), logins)
    await writeFile(join(folder, 'config.json'), JSON.stringify(config), { mode: 0o600 })
    // Compose and buildx are found in the first, and which Docker is meant may stand in the second.
    for (const name of ['cli-plugins', 'contexts']) await symlink(join(usual, name), join(folder, name))
    await mkdir(join(folder, 'buildx'))
    const environment = { DOCKER_CONFIG: folder, BUILDX_CONFIG: process.env['BUILDX_CONFIG'] ?? join(folder, 'buildx') }
    for (const login of logins) await logIn(login, environment)
    return work(environment)
  })
}

export function loginArgv({ registry, user }: Pick<RegistryLogin, 'registry' | 'user'>): string[] {
  return ['login', `--username=${user}`, '--password-stdin', ...(registry === dockerRegistry ? [] : [registry])]
}

async function logIn(login: RegistryLogin, environment: Record<string, string>): Promise<void> {
  const result = await tryDocker(loginArgv(login), { environment, input: login.password, timeoutMs: loginWithinMs })
  if (result.exitCode === 0) return
  throw registryFailure(`Logging in to ${login.registry} as ${login.user} failed`, login.registry, result)
}

const loginWithinMs = 60_000

function usualFolder(): string {
  const wanted = process.env['DOCKER_CONFIG']
  return wanted === undefined || wanted === '' ? join(homedir(), '.docker') : wanted
}

/** Without the programs that would keep the password for longer, and without other logins to the same registries. Pure. */
export function withoutStores(text: string, logins: readonly Pick<RegistryLogin, 'registry'>[]): object {
  const { credsStore: _store, credHelpers, auths, ...rest } = parsed(text)
  const others = (given: unknown): object =>
    Object.fromEntries(Object.entries(given ?? {}).filter(([name]) => !logins.some(each => each.registry === name)))
  return { ...rest, credHelpers: others(credHelpers), auths: others(auths) }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
