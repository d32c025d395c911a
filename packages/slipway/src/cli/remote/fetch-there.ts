import { basename, join, relative } from 'node:path'
import type { EnvironmentConfig } from '../../config/model.ts'
import type { RepositoryAddress } from '../../config/repository-address.ts'
import { handOver, type HandedOver } from '../../secrets/handed-over.ts'
import { findIdentities } from '../../secrets/identities.ts'
import { openSealedFile } from '../../secrets/open.ts'
import { parseSealedFile } from '../../secrets/sealed-yaml.ts'
import { writtenAddress } from '../../servers/ssh/address.ts'
import { pinnedKeysName, readPinnedKeys, type HostKey } from '../../servers/ssh/pinned-keys.ts'
import { variablesToSend } from '../../source/variables.ts'
import { readIfPresent } from '../../support/files.ts'
import { SlipwayError } from '../../support/errors.ts'
import { addressOf, folderOf, repositoryToken, type GitSource } from '../wiring/git-source.ts'
import { passwordsHere } from '../wiring/registries.ts'
import type { EnvironmentFile } from './calls.ts'
import type { Session } from './session.ts'
import { withTrust } from './trust.ts'

/**
 * The operator's part when a server fetches its code itself: says from where and whose key the host must have, and gives
 * what the commit asks for and only this side has.
 */
export async function fetchThere(session: Session, wanted: FetchWanted): Promise<FetchedThere> {
  const { config, source, commit, signal, note } = wanted
  const repository = addressOf(source.repository ?? '')
  const [hostKeys, token, folder] = await Promise.all([
    repository.kind === 'ssh' ? hostKeysOf(repository, config) : [],
    repositoryToken(config, source),
    folderOf(config),
  ])
  note(`${session.server} fetches ${commit ?? source.branch} from ${repository.host}`)
  const { branch } = source
  const login = { hostKeys, ...(token === undefined ? {} : { token }) }
  const where = { repository: repository.text, branch, folder, file: basename(config.file) }
  const fetched = await session.ask(
    'fetch',
    { ...where, ...login, ...(commit === undefined ? {} : { commit }) },
    signal === undefined ? {} : { signal },
  )
  const [secrets, environmentFile] = await Promise.all([opened(fetched.sealed, config), environmentFileOf(config)])
  const taken = await session.ask('take', {
    file: basename(config.file),
    variables: variablesToSend(new Set(fetched.asked), process.env),
    passwords: passwordsHere(config, process.env),
    ...(secrets === undefined ? {} : { secrets }),
    ...(environmentFile === undefined ? {} : { environmentFile }),
  })
  return { folder: taken.folder, commit: fetched.commit.sha }
}

export interface FetchedThere {
  /** There. */
  folder: string
  commit: string
}

export interface FetchWanted {
  config: EnvironmentConfig
  source: GitSource
  commit?: string
  signal?: AbortSignal
  note(text: string): void
}

/** As for a server: nobody is believed to be the host of the repository because they answered first. */
async function hostKeysOf(repository: RepositoryAddress, config: EnvironmentConfig): Promise<HostKey[]> {
  const pinnedKeys = join(config.directory, pinnedKeysName)
  const host = { name: repository.host, user: 'git', ...repository }
  return withTrust(host, pinnedKeys, async () => {
    const keys = await readPinnedKeys(pinnedKeys, host)
    if (keys.length > 0) return keys
    throw new SlipwayError('HOST_KEY_UNKNOWN', `The repository at ${writtenAddress(host)} can not be fetched`, {
      why: `${pinnedKeys} has no key of ${host.host}, so nobody could tell it from another machine`,
      state: 'nothing was sent',
      next: `See its key, compare it with what the host publishes, and pin it: slipway server trust ${host.host}`,
    })
  })
}

/** The key that opens them stays here. The server proves that they are those of the commit. */
async function opened(sealed: string | undefined, config: EnvironmentConfig): Promise<HandedOver | undefined> {
  if (sealed === undefined) return undefined
  const { file } = config.secrets
  return handOver(await openSealedFile(parseSealedFile(sealed, file), file, config, await findIdentities()))
}

/** It is not in Git: the one here goes along. */
async function environmentFileOf({ envFile, directory }: EnvironmentConfig): Promise<EnvironmentFile | undefined> {
  const text = envFile === undefined ? undefined : await readIfPresent(envFile)
  return envFile === undefined || text === undefined ? undefined : { path: relative(directory, envFile), text }
}
