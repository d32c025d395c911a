import { gitArgv, gitVariables } from './git-argv.ts'
import { run, type RunResult } from './run.ts'
import { stream, type StreamOptions, type StreamResult } from './stream.ts'

/** Runs git in a folder. The only way it is run: a repository has no say in what is started (git-argv.ts). */
export function runGit(directory: string, argv: readonly string[], options: GitOptions = {}): Promise<RunResult> {
  const { protocols, settings, variables, under, timeoutMs = 60_000, signal } = options
  const whole = gitArgv(directory, argv, settings)
  const [program, words] = under === undefined ? ['git', whole] : ['flock', [...lockArgv(under), 'git', ...whole]]
  return run(program, words, {
    environment: { ...gitVariables(protocols), ...variables },
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  })
}

/** The same for what is too big for memory. */
export function streamGit(
  directory: string,
  argv: readonly string[],
  { settings, ...options }: Pick<StreamOptions, 'input' | 'output'> & Pick<GitOptions, 'settings'>,
): Promise<StreamResult> {
  // A repository can say that a commit had no parents.
  const environment = { ...gitVariables(), GIT_GRAFT_FILE: '/dev/null' }
  return stream('git', gitArgv(directory, argv, settings), { environment, ...options })
}

export interface GitOptions {
  /** The transports that may be used. Default: none. */
  protocols?: readonly string[]
  /** Settings beside those that every call has: `name=value`. */
  settings?: readonly string[]
  variables?: Readonly<Record<string, string | undefined>>
  /** A file that only one call at a time has locked; the kernel lets go of it however the call ends. */
  under?: string
  timeoutMs?: number
  signal?: AbortSignal
}

const lockArgv = (file: string): string[] => ['--timeout', '600', '--conflict-exit-code', String(lockTaken), file]

/** How a call ends that did not get its lock in ten minutes. */
export const lockTaken = 75
