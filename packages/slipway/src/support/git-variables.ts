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

/** To read a repository: that one and no other, without taking its locks, in words that can be parsed. */
export const readingVariables: Readonly<Record<string, string | undefined>> = {
  ...foreignVariables,
  GIT_OPTIONAL_LOCKS: '0',
  LC_ALL: 'C',
}
