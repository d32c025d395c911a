/** Arguments and settings for git. Pure. */

/** To a reference of Slipway's own: neither a branch nor FETCH_HEAD, which another fetch may write meanwhile. */
export function fetchArgv(remote: string, branch: string): string[] {
  return [
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-recurse-submodules',
    '--no-write-fetch-head',
    '--no-auto-maintenance',
    // Nor the clone's own copy of the remote's branches.
    '--refmap=',
    '--end-of-options',
    remote,
    `+refs/heads/${branch}:${privateRef(branch)}`,
  ]
}

/** One level deep: a branch `a` that became `a/b` must not be in its own way. */
export function privateRef(branch: string): string {
  return `refs/slipway/${branch.replaceAll('%', '%25').replaceAll('/', '%2F')}`
}

/** Whatever this clone is set to, a commit is written out as it is, in full, and starts no program that watches files. */
export const exportSettings: readonly string[] = [
  'core.sparseCheckout=false',
  'core.autocrlf=false',
  'core.symlinks=true',
  'core.fsmonitor=false',
  'core.splitIndex=false',
  'submodule.recurse=false',
].flatMap(setting => ['-c', setting])

/** Inside a Git hook these name another repository: `git rev-parse --local-env-vars`, without its settings. */
export const foreignVariables: Readonly<Record<string, undefined>> = {
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_IMPLICIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_INDEX_VERSION: undefined,
  GIT_OBJECT_DIRECTORY: undefined,
  GIT_ALTERNATE_OBJECT_DIRECTORIES: undefined,
  GIT_QUARANTINE_PATH: undefined,
  GIT_COMMON_DIR: undefined,
  GIT_NAMESPACE: undefined,
  GIT_PREFIX: undefined,
  GIT_GRAFT_FILE: undefined,
  GIT_REPLACE_REF_BASE: undefined,
  GIT_SHALLOW_FILE: undefined,
  GIT_LITERAL_PATHSPECS: undefined,
}

/** A commit's subject was written by somebody: one line without control characters and marks that turn text around. */
export function subjectOf(text: string): string {
  return text.replace(escapeSequences, '').replace(steering, ' ').replace(/ {2,}/g, ' ').trim().slice(0, 200)
}

// oxlint-disable-next-line no-control-regex
const escapeSequences = /\u001b\[[0-9;:?]*[ -/]*[@-~]/g
// oxlint-disable-next-line no-control-regex
const steering = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g
