import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { notStartedExitCode } from './run.ts'

/**
 * Runs a program on data that is too big for memory: `input` flows into it, its standard output flows into `output`.
 * Argv arrays only, as with `run`. The first failure on either side ends the program and is told apart from its exit code.
 */
export async function stream(
  program: string,
  argv: readonly string[],
  options: StreamOptions = {},
): Promise<StreamResult> {
  const child = spawn(program, argv, {
    // As in run.ts: Ctrl-C must not cut it off.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const kept = options.keep === 'all' ? (text: string) => text : tail
  const said = { stdout: '', stderr: '' }
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr = tail(said.stderr + text)))
  let startFailure: Error | undefined
  child.on('error', error => (startFailure = error))
  const closed = once(child, 'close').catch((error: unknown) => [undefined, undefined, error])

  const flows: Promise<unknown>[] = [feed(options.input, child.stdin)]
  if (options.output === undefined)
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout = kept(said.stdout + text)))
  else flows.push(pipeline(child.stdout, options.output))
  const failures = (await Promise.allSettled(flows.map(flow => flow.catch(endWith(child))))).flatMap(flow =>
    flow.status === 'rejected' ? [flow.reason as unknown] : [],
  )
  await closed
  const failure = failures[0] ?? startFailure
  return {
    exitCode: child.pid === undefined ? notStartedExitCode : (child.exitCode ?? killedExitCode),
    stdout: said.stdout,
    stderr: said.stderr === '' ? (startFailure?.message ?? '') : said.stderr,
    ...(failure === undefined ? {} : { failure }),
  }
}

export interface StreamOptions {
  /** Added to this process's environment; undefined takes a variable out. */
  environment?: Readonly<Record<string, string | undefined>>
  input?: Readable
  output?: Writable
  signal?: AbortSignal
  /** How much of standard output is kept when it does not flow to `output`. Default: the last part. */
  keep?: 'all'
}

export interface StreamResult {
  exitCode: number
  /** The last part of it; empty when it went to `output`. */
  stdout: string
  stderr: string
  /** Why the data did not flow to its end, whatever the exit code says: disk full, file unreadable, aborted. */
  failure?: unknown
}

/** As a shell reports a program that a signal ended, without saying which. */
const killedExitCode = 128

const tailLength = 64 * 1024

function tail(text: string): string {
  return text.length > tailLength ? text.slice(-tailLength) : text
}

async function feed(input: Readable | undefined, stdin: Writable): Promise<void> {
  if (input === undefined) {
    stdin.on('error', () => undefined)
    stdin.end()
    return
  }
  try {
    await pipeline(input, stdin)
  } catch (error) {
    // A program that stops reading says why on stderr and by its exit code; that is the better message.
    if (!isBrokenPipe(error)) throw error
  }
}

function isBrokenPipe(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && brokenPipeCodes.has(code)
}

/** ECANCELED: newer Node when the pipe goes while a write is under way. */
const brokenPipeCodes = new Set(['EPIPE', 'ECANCELED', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'])

function endWith(child: { kill(signal: NodeJS.Signals): boolean }): (error: unknown) => never {
  return error => {
    child.kill('SIGTERM')
    throw error
  }
}
