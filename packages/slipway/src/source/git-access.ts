import type { RepositoryAddress } from '../config/repository-address.ts'
import { shellLine } from '../support/shell-quote.ts'

/** What git needs to know to be let in, as variables of its environment: never in argv, an address or a file. Pure. */

/** With one key, at a host that is known by its pinned keys, and by nothing else that this machine has. */
export function sshVariables(keyFile: string, pinnedFile: string): Record<string, string> {
  const settings = {
    BatchMode: 'yes',
    IdentityFile: keyFile,
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    PreferredAuthentications: 'publickey',
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: pinnedFile,
    GlobalKnownHostsFile: '/dev/null',
    KnownHostsCommand: 'none',
    CheckHostIP: 'no',
    VerifyHostKeyDNS: 'no',
    UpdateHostKeys: 'no',
    ConnectTimeout: '15',
    // A line on which nothing is answered is given up.
    ServerAliveInterval: '10',
    ServerAliveCountMax: '3',
    ControlMaster: 'no',
    ControlPath: 'none',
    ForwardAgent: 'no',
    ClearAllForwardings: 'yes',
    PermitLocalCommand: 'no',
    LogLevel: 'ERROR',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  return { GIT_SSH_COMMAND: shellLine(['ssh', '-F', 'none', ...options]), GIT_SSH_VARIANT: 'ssh' }
}

/** The token goes to this host alone: an answer that sends elsewhere is not followed. */
export function httpsSettings({ host, port, user }: RepositoryAddress, token: string | undefined): Setting[] {
  const patience: Setting[] = [
    ['http.lowSpeedLimit', '1000'],
    ['http.lowSpeedTime', '30'],
    ['credential.helper', ''],
  ]
  if (token === undefined) return patience
  const login = Buffer.from(`${user ?? usualUser}:${token}`).toString('base64')
  return [
    ...patience,
    [`http.https://${host}${port === 443 ? '' : `:${port}`}/.extraHeader`, `Authorization: Basic ${login}`],
    ['http.followRedirects', 'false'],
  ]
}

export type Setting = readonly [name: string, value: string]

/** After those that the environment has already: they stay. */
export function settingVariables(
  settings: readonly Setting[],
  inherited: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  if (settings.length === 0) return {}
  const before = Number(inherited['GIT_CONFIG_COUNT'] ?? 0) || 0
  const numbered = settings.flatMap(([name, value], index) => [
    [`GIT_CONFIG_KEY_${before + index}`, name],
    [`GIT_CONFIG_VALUE_${before + index}`, value],
  ])
  return { ...Object.fromEntries(numbered), GIT_CONFIG_COUNT: String(before + settings.length) }
}

/** GitHub and GitLab take any, and only look at the token. */
const usualUser = 'x-access-token'
