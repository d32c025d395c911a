import { lstat, mkdir, realpath, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import { readComposeSources } from '../../config/locate.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import type { RepositoryAddress } from '../../config/repository-address.ts'
import type { Commit } from '../../release/model.ts'
import { errorDocument, errorOf } from '../../runner/error-document.ts'
import { openFetched, type FetchedUpload } from '../../runner/fetched-upload.ts'
import { isBelow } from '../../runner/place.ts'
import { ensureDeployKey } from '../../source/deploy-key.ts'
import { exportCommit, proveWhole } from '../../source/export.ts'
import { serverOrigin, type Origin } from '../../source/git-origin.ts'
import { fetchCommit } from '../../source/repository.ts'
import { askedVariables } from '../../source/variables.ts'
import { pinnedFileText } from '../../servers/ssh/pinned-keys.ts'
import { privateFolder } from '../../servers/ssh/private-folder.ts'
import type { Layout } from '../../store/layout.ts'
import { readIfPresent } from '../../support/files.ts'
import { SlipwayError } from '../../support/errors.ts'
import { addressOf } from '../wiring/git-source.ts'
import type { EnvironmentFile, Fetched, FetchRequest } from './calls.ts'

/**
 * Code that this server fetches from its repository. What the commit wants to know is told to the operator's side, which
 * has the keys and the variables; with these it becomes what code that was sent here is.
 */
export class FetchedCode {
  readonly answer: Fetched
  readonly #upload: FetchedUpload

  private constructor(answer: Fetched, upload: FetchedUpload) {
    this.answer = answer
    this.#upload = upload
  }

  static async fetch(layout: Layout, who: Owner, request: FetchRequest, signal: AbortSignal): Promise<FetchedCode> {
    const commit = await fetched(layout, who, request, signal)
    await proveWhole(layout.repository, commit.sha, request.folder)
    const upload = await openFetched(layout.uploads)
    try {
      await exportCommit(layout.repository, commit.sha, upload.tree, request.folder)
      const shown = `${commit.branch === '' ? '' : `${commit.branch}@`}${commit.sha.slice(0, 12)}:`
      const wishes = await named(upload.tree, `${shown}${request.folder}`, () => wishesOf(upload.tree, who, request))
      return new FetchedCode({ commit, ...wishes }, upload)
    } catch (error) {
      await upload.abandon()
      throw error
    }
  }

  /** Returns the folder. */
  async take(environmentFile: EnvironmentFile | undefined): Promise<string> {
    if (environmentFile !== undefined) await writeInside(this.#upload.tree, environmentFile)
    return this.#upload.finish(this.answer.commit)
  }

  abandon(): Promise<void> {
    return this.#upload.abandon()
  }
}

export interface Owner {
  project: string
  environment: string
}

async function fetched(layout: Layout, who: Owner, request: FetchRequest, signal: AbortSignal): Promise<Commit> {
  const repository = addressOf(request.repository)
  const wanted = {
    branch: request.branch,
    ...(request.commit === undefined ? {} : { commit: request.commit }),
  }
  if (repository.kind === 'https') {
    const advice = { login: httpsAdvice(request.token), hostKey: '' }
    const origin = serverOrigin(repository, { token: request.token }, advice)
    return fetchCommit(layout.repository, origin, wanted, signal)
  }
  const scratch = await privateFolder()
  try {
    const pinnedFile = join(scratch.path, 'hosts')
    await writeFile(pinnedFile, pinnedFileText(repository, request.hostKeys), { mode: 0o600 })
    const origin = await overSsh(layout, who, repository, pinnedFile)
    return await fetchCommit(layout.repository, origin, wanted, signal)
  } finally {
    await scratch.remove()
  }
}

async function overSsh(layout: Layout, who: Owner, repository: RepositoryAddress, pinnedFile: string): Promise<Origin> {
  const publicKey = await ensureDeployKey(layout.deployKey, `slipway-${who.project}`)
  const advice = {
    login: `Let this server's key read the repository: add it at ${repository.host} as a deploy key without write access.\n${publicKey}`,
    hostKey: `Find out why before anything else. If the host has changed its key: slipway server trust ${repository.host} --replace`,
  }
  return serverOrigin(repository, { keyFile: layout.deployKey, pinnedFile }, advice)
}

function httpsAdvice(token: string | undefined): string {
  return token === undefined
    ? 'Name the secret that is the login there: source: { git: { token: GIT_TOKEN } }. Or use its SSH address: the server then has a key of its own.'
    : 'Check that the token is right, has not expired and may read the repository.'
}

/** What the commit's own configuration asks for. */
async function wishesOf(tree: string, who: Owner, request: FetchRequest): Promise<Omit<Fetched, 'commit'>> {
  const { config } = await loadConfig(join(tree, basename(request.file)), who.environment)
  if (config.project !== who.project) throw anotherApp(config, who)
  const sources = await readComposeSources(config.composeFiles)
  const sealed = await readIfPresent(config.secrets.file)
  return {
    asked: [...askedVariables(sources.map(source => source.value))],
    ...(sealed === undefined ? {} : { sealed }),
  }
}

function anotherApp(config: EnvironmentConfig, who: Owner): SlipwayError {
  return new SlipwayError('CONFIG_INVALID', `The repository holds another app: ${config.project}`, {
    why: `the slipway.yaml here is of ${who.project}`,
    state: 'nothing was changed',
    next: 'Correct the address of the repository, the branch, or the name of the app.',
  })
}

/** A folder that is there for a moment says nothing to a person. */
async function named<T>(tree: string, shown: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError)) throw thrown
    throw errorOf(errorDocument(thrown), text => text.replaceAll(`${tree}/`, shown).replaceAll(tree, shown))
  }
}

/** Not through a link, which may lead anywhere: the commit was written by somebody else. */
async function writeInside(tree: string, { path, text }: EnvironmentFile): Promise<void> {
  const file = join(tree, path)
  const folder = dirname(file)
  if (!isBelow(tree, file)) throw new SlipwayError('BUG', 'An env file came that leaves the project')
  await mkdir(folder, { recursive: true })
  if (!isBelow(await realpath(tree), await realpath(folder))) {
    throw new SlipwayError('SOURCE_FAILED', `The env file ${path} can not be written into the commit`, {
      why: 'a link in the commit leads out of the project there',
      state: 'nothing that runs was touched',
      next: 'Take the link out of the repository.',
    })
  }
  if ((await lstat(file).catch(() => undefined))?.isDirectory() !== true) await rm(file, { force: true })
  await writeFile(file, text, { mode: 0o600, flag: 'wx' })
}
