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

/** A commit's subject was written by somebody: one line without control characters and marks that turn text around. */
export function subjectOf(text: string): string {
  return text.replace(escapeSequences, '').replace(steering, ' ').replace(/ {2,}/g, ' ').trim().slice(0, 200)
}

// oxlint-disable-next-line no-control-regex
const escapeSequences = /\u001b\[[0-9;:?]*[ -/]*[@-~]/g
// oxlint-disable-next-line no-control-regex
const steering = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g
