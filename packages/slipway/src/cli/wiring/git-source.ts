import { parseRepository } from '../../config/repository-address.ts'
import type { EnvironmentConfig, Source } from '../../config/model.ts'
import { textOf } from '../../secrets/rules.ts'
import { isFullCommit } from '../../source/git-argv.ts'
import { addressOrigin, cloneOrigin, type Origin } from '../../source/git-origin.ts'
import { prefixOf } from '../../source/git.ts'
import { SlipwayError } from '../../support/errors.ts'
import { openEnvironmentSecrets } from './environment-secrets.ts'

/** `source: git`, as far as a person's own machine and a server do the same. */
export type GitSource = Extract<Source, { kind: 'git' }>

/** Where this machine fetches from. */
export async function originHere(config: EnvironmentConfig, source: GitSource): Promise<Origin> {
  if (source.repository === undefined) return cloneOrigin(config.directory, source.remote)
  return addressOrigin(addressOf(source.repository), await repositoryToken(config, source))
}

export function addressOf(repository: string): NonNullable<ReturnType<typeof parseRepository>> {
  const address = parseRepository(repository)
  if (address !== undefined) return address
  throw new SlipwayError('BUG', 'An address of a repository came here that slipway.yaml can not have')
}

/** The folder of slipway.yaml inside its repository. Where it lies in none, that of the repository itself. */
export async function folderOf({ directory, source }: EnvironmentConfig): Promise<string> {
  if (source.kind === 'git' && source.repository === undefined) return prefixOf(directory)
  return prefixOf(directory).catch(() => '')
}

/** A variable of that name wins, as a pipeline sets it. Undefined: no login is wanted. */
export async function repositoryToken(config: EnvironmentConfig, { token }: GitSource): Promise<string | undefined> {
  if (token === undefined) return undefined
  const set = process.env[token]?.trim()
  const value = set === undefined || set === '' ? await sealedValue(config, token) : set
  const text = value?.trim()
  if (text !== undefined && /^[!-~]+$/.test(text)) return text
  throw new SlipwayError('SECRET_MISSING', `The login for the repository is missing: ${token}`, {
    why:
      value === undefined
        ? `neither a variable of that name nor ${config.secrets.file} has it`
        : 'its value is empty, or no token: it has other characters than letters, digits and signs',
    state: 'nothing was changed',
    next: `slipway secrets set ${config.environment} ${token}`,
  })
}

async function sealedValue(config: EnvironmentConfig, name: string): Promise<string | undefined> {
  const value = (await openEnvironmentSecrets(config))?.values.get(name)
  return value === undefined ? undefined : (textOf(value) ?? '')
}

/** A commit can only be chosen where code comes from Git. */
export function refuseCommit({ source, environment }: EnvironmentConfig, commit: string | undefined): void {
  if (commit === undefined) return
  const isGit = source.kind === 'git'
  if (isGit && isFullCommit(commit)) return
  throw new SlipwayError('USAGE', `The commit ${JSON.stringify(commit.slice(0, 80))} can not be deployed`, {
    why: isGit ? 'that is not the full name of a commit' : `${environment} takes the folder of slipway.yaml as it is`,
    state: 'nothing was changed',
    next: isGit
      ? 'Give all 40 digits: git rev-parse HEAD'
      : 'Check the commit out, or say `source: { git: { branch: main } }`.',
  })
}
