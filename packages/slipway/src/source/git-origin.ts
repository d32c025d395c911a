import type { RepositoryAddress } from '../config/repository-address.ts'
import { SlipwayError, type ErrorCode } from '../support/errors.ts'
import { runGit } from '../support/git.ts'
import { redactor } from '../support/redact.ts'
import { lastLines, type RunResult } from '../support/run.ts'
import { remoteAddress } from './git.ts'
import { httpsSettings, settingVariables, sshVariables, type Setting } from './git-access.ts'
import { causeOf, gitText, oneLine } from './git-answers.ts'
import type { Wanted } from './git-argv.ts'
import { fetchMeaning } from './git-failure.ts'

/** A repository to fetch from, and how it lets one in. */
export interface Origin {
  address: string
  /** Where a relative address starts. */
  directory?: string
  protocols: readonly string[]
  variables: Readonly<Record<string, string>>
  /** What must not be shown. */
  hidden: readonly string[]
  /** What to do when it does not let one in, or is not who it was. */
  advice?: { login: string; hostKey: string }
}

/** A remote of a clone, reached as the person who works in it would: with their own keys and helpers. */
export async function cloneOrigin(directory: string, remote: string): Promise<Origin> {
  const address = await remoteAddress(directory, remote)
  const top = oneLine(
    await gitText(directory, ['rev-parse', '--show-toplevel'], 'The folder is not in a Git repository'),
  )
  return {
    address,
    directory: top === '' ? directory : top,
    protocols: ['file', 'git', 'http', 'https', 'ssh'],
    ...withSettings(await loginsOf(directory)),
  }
}

/** A repository by its address, from a person's own machine. */
export function addressOrigin(repository: RepositoryAddress, token: string | undefined): Origin {
  const settings = repository.kind === 'https' && token !== undefined ? httpsSettings(repository, token) : []
  return { address: repository.text, protocols: [repository.kind], ...withSettings(settings) }
}

/** The same from a server: with the server's own key at a pinned host, or with the token that it was given. */
export function serverOrigin(repository: RepositoryAddress, access: Access, advice: Origin['advice']): Origin {
  const reach =
    'keyFile' in access
      ? { variables: sshVariables(access.keyFile, access.pinnedFile), hidden: [] }
      : withSettings(httpsSettings(repository, access.token))
  return {
    address: repository.text,
    protocols: [repository.kind],
    ...reach,
    ...(advice === undefined ? {} : { advice }),
  }
}

export type Access = { keyFile: string; pinnedFile: string } | { token: string | undefined }

/** What git, ssh or curl said when nothing came. */
export function fetchFailure(attempted: string, origin: Origin, wanted: Wanted, result: RunResult): SlipwayError {
  const meaning = result.timedOut ? undefined : fetchMeaning(result.stderr, wanted)
  const code: ErrorCode = meaning?.code ?? 'SOURCE_FAILED'
  const advice =
    code === 'LOGIN_REFUSED' || meaning?.mayBeLogin === true
      ? origin.advice?.login
      : code === 'HOST_KEY_CHANGED'
        ? origin.advice?.hostKey
        : undefined
  return redactor(origin.hidden).error(
    new SlipwayError(code, attempted, {
      why: meaning?.why ?? causeOf(result),
      state: 'nothing that runs was touched',
      next: advice ?? meaning?.next ?? 'Check the repository, the branch and the access rights.',
      output: lastLines(result.stderr, 8),
    }),
  )
}

/** Pipelines leave a login for the repository's host in the clone itself. It names no program. */
async function loginsOf(directory: string): Promise<Setting[]> {
  const argv = ['config', '--local', '-z', '--get-regexp', String.raw`^http\..*\.extraheader$`]
  const found = await runGit(directory, argv)
  return found.stdout
    .split('\0')
    .filter(entry => entry.includes('\n'))
    .map(entry => [entry.slice(0, entry.indexOf('\n')), entry.slice(entry.indexOf('\n') + 1)] as const)
}

function withSettings(settings: readonly Setting[]): Pick<Origin, 'variables' | 'hidden'> {
  const secrets = settings.filter(([name]) => /extraheader$/i.test(name)).flatMap(([, value]) => secretsIn(value))
  return { variables: settingVariables(settings), hidden: secrets }
}

/** `Authorization: Basic …`: the word itself, and the token in it. */
function secretsIn(header: string): string[] {
  const word = header.split(' ').at(-1) ?? ''
  const clear = Buffer.from(word, 'base64').toString('utf8')
  return [word, clear, clear.slice(clear.indexOf(':') + 1)]
}
