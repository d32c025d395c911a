/** Arguments and settings for git. Pure. */

/** Only the one commit, to a reference of its own: neither a branch nor FETCH_HEAD, which another fetch may write. */
export function fetchArgv(address: string, wanted: Wanted, depth = 1): string[] {
  const from = wanted.commit ?? `refs/heads/${wanted.branch}`
  return [
    'fetch',
    '--quiet',
    `--depth=${depth}`,
    '--no-tags',
    '--no-recurse-submodules',
    '--no-write-fetch-head',
    // Whatever the configuration of the other side is called there.
    '--upload-pack=git-upload-pack',
    '--end-of-options',
    address,
    `+${from}:${referenceOf(wanted)}`,
  ]
}

/** All that a branch was made of. */
export const wholeDepth = 2 ** 31 - 1

/** The newest commit of a branch, or just this one. */
export interface Wanted {
  branch: string
  /** Its full name. */
  commit?: string
}

/** One level deep: a branch `a` that became `a/b` must not be in its own way. */
export function referenceOf({ branch, commit }: Wanted): string {
  if (commit !== undefined) return `refs/slipway-commits/${commit}`
  return `refs/slipway/${branch.replaceAll('%', '%25').replaceAll('/', '%2F')}`
}

export const isFullCommit = (name: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(name)

/** A repository of our own is bare, and is used also where a person lets git use none that it finds by itself. */
export const ownSettings: readonly string[] = ['safe.bareRepository=all']

/** A commit is written out as it is, in full. */
export const exportSettings: readonly string[] = [
  'core.sparseCheckout=false',
  'core.autocrlf=false',
  'core.symlinks=true',
  'core.splitIndex=false',
  'core.attributesFile=/dev/null',
]

/** The configuration of a repository that is ours alone. Names of commits tell by their length how they are made. */
export function repositoryConfig(nameLength = 40): string {
  const newer = nameLength === 64
  return [
    '[core]',
    `\trepositoryFormatVersion = ${newer ? 1 : 0}`,
    '\tbare = true',
    ...(newer ? ['[extensions]', '\tobjectFormat = sha256'] : []),
    // It is a cache: what no branch needs any more goes soon, and not behind our back.
    '[gc]',
    '\tautoDetach = false',
    '\tpruneExpire = 1.hour.ago',
    '[maintenance]',
    '\tautoDetach = false',
    '',
  ].join('\n')
}

/** A commit's subject was written by somebody: one line without control characters and marks that turn text around. */
export function subjectOf(text: string): string {
  return text.replace(escapeSequences, '').replace(steering, ' ').replace(/ {2,}/g, ' ').trim().slice(0, 200)
}

// oxlint-disable-next-line no-control-regex
const escapeSequences = /\u001b\[[0-9;:?]*[ -/]*[@-~]/g
// oxlint-disable-next-line no-control-regex
const steering = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g
