/**
 * How git is called, everywhere. What lies in a repository may have been written by anybody, and its configuration,
 * hooks and attributes name programs that git starts. For every call they are switched off here, and no transport is
 * there but those that the caller names. Pure.
 */
export function gitArgv(directory: string, argv: readonly string[], settings: readonly string[] = []): string[] {
  const given = [...startsNothing, ...settings].flatMap(setting => ['-c', setting])
  return ['--no-pager', '--no-replace-objects', ...given, '-C', directory, ...argv]
}

export function gitVariables(protocols: readonly string[] = []): Readonly<Record<string, string | undefined>> {
  return {
    ...foreignVariables,
    // To look takes no locks; words are to be parsed; nobody is here to be asked.
    GIT_OPTIONAL_LOCKS: '0',
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    // Also `ext::` and helpers of other systems; and what a clone lacks is not fetched behind our back.
    GIT_ALLOW_PROTOCOL: protocols.join(':'),
    GIT_NO_LAZY_FETCH: '1',
    // They would win over the settings above, and these would tell what travels.
    GIT_CONFIG_PARAMETERS: undefined,
    GIT_EXTERNAL_DIFF: undefined,
    GIT_TRACE_CURL: undefined,
    GIT_CURL_VERBOSE: undefined,
    GIT_TRACE_REDACT: '1',
  }
}

/** Of `git config --list --show-scope --name-only -z`: the repository's own filters, each switched off; undefined: one can not be. */
export function withoutFilters(listed: string): string[] | undefined {
  const fields = listed.split('\0')
  const names = new Set<string>()
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const found = /^filter\.(.*)\.[a-z]+$/s.exec(fields[at + 1] ?? '')?.[1]
    if (found !== undefined && ownScopes.has(fields[at] ?? '')) names.add(found)
  }
  // git takes what is before the first `=` for the name.
  if ([...names].some(name => name.includes('='))) return undefined
  return [...names].flatMap(name => [
    ...['clean', 'smudge', 'process'].map(kind => `filter.${name}.${kind}=`),
    `filter.${name}.required=false`,
  ])
}

/** Those of the system and of the person are not written by a repository. */
const ownScopes = new Set(['local', 'worktree'])

const startsNothing: readonly string[] = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.alternateRefsCommand=true',
  'protocol.ext.allow=never',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'log.showSignature=false',
  'gpg.program=false',
  'gpg.ssh.program=false',
  'gpg.x509.program=false',
]

/** Inside a Git hook these name another repository: `git rev-parse --local-env-vars`, without its settings. */
const foreignVariables: Readonly<Record<string, undefined>> = {
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
