import type { Options } from 'execa'

/**
 * Runs a program with an argv array: no shell, no string is ever parsed.
 * A failing program is a value, not an exception, so that each caller says what the failure means.
 */
export async function run(program: string, argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { execa } = await import('execa')
  const settings: Options = {
    reject: false,
    stripFinalNewline: false,
    // Ctrl-C goes to the whole process group: programs that do or undo a step must not be cut off by it.
    detached: true,
    maxBuffer: options.maxBytes ?? 64 * 1024 * 1024,
    ...(options.stdin === 'inherit' ? { stdin: 'inherit' } : { input: options.input ?? '' }),
    ...(options.directory === undefined ? {} : { cwd: options.directory }),
    ...(options.environment === undefined ? {} : { env: options.environment }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, forceKillAfterDelay: 2000 }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  }
  const began = performance.now()
  const running = execa(program, [...argv], settings)
  running.once('exit', () => {
    const isTimeUp = options.timeoutMs !== undefined && performance.now() - began >= options.timeoutMs
    if (isTimeUp || options.signal?.aborted === true) endGroup(running.pid)
  })
  const result = await running
  return {
    exitCode: result.exitCode ?? (result.timedOut ? timedOutExitCode : notStartedExitCode),
    stdout: typeof result.stdout === 'string' ? result.stdout : '',
    stderr: typeof result.stderr === 'string' && result.stderr !== '' ? result.stderr : startFailure(result),
    timedOut: result.timedOut,
    ...(result.isMaxBuffer ? { cutOff: true } : {}),
  }
}

export interface RunOptions {
  directory?: string
  /** Added to this process's environment; undefined takes a variable out. Secrets travel here or on stdin, never in argv. */
  environment?: Readonly<Record<string, string | undefined>>
  /** Written to the program's stdin; an empty stdin otherwise, so that nothing waits for a person. */
  input?: string | Uint8Array
  /** Gives it this process's own stdin instead. Not that of a terminal: it is no program of that. */
  stdin?: 'inherit'
  timeoutMs?: number
  signal?: AbortSignal
  /** Of its output; 64 MB. A program that prints more is cut off. */
  maxBytes?: number
}

export interface RunResult {
  exitCode: number
  stdout: string
  stderr: string
  timedOut: boolean
  /** It printed too much, and what is here is not all of it. */
  cutOff?: true
}

/** As `timeout(1)` reports it. */
export const timedOutExitCode = 124
/** As a shell reports a program that could not be started. */
export const notStartedExitCode = 127

/** The last lines of a text, without trailing blanks: what a person wants to see of a failure. */
export function lastLines(text: string, count = 12): string[] {
  return text
    .split(/\r?\n/)
    .filter(line => line.trim() !== '')
    .slice(-count)
}

/**
 * What a program that was cut off has started goes with it, as docker runs Compose as a program of its own: that would
 * work on, and as it holds the output open, nobody would ever hear of the end.
 */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // All of them have ended.
  }
}

function startFailure(result: { failed?: boolean; originalMessage?: string | undefined }): string {
  return result.failed === true ? (result.originalMessage ?? '') : ''
}
