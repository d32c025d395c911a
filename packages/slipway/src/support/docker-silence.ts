import { run, timedOutExitCode, type RunOptions, type RunResult } from './run.ts'
import { stream, type StreamOptions, type StreamResult } from './stream.ts'

/**
 * Runs the docker CLI. What Docker is asked for may take as long as it needs, but nobody waits for one that answers
 * nobody: after a minute of that the call is ended. A limit of the call's own counts instead.
 */
export async function runDocker(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  if (options.timeoutMs !== undefined) return run('docker', argv, options)
  const { result, silent } = await whileAnswered(signal =>
    run('docker', argv, { ...options, signal: either(signal, options.signal) }),
  )
  return silent ? { ...result, exitCode: timedOutExitCode, stderr: silence, timedOut: true } : result
}

/** As `runDocker`, on data that is too big for memory. */
export async function streamDocker(argv: readonly string[], options: StreamOptions = {}): Promise<StreamResult> {
  const { result, silent } = await whileAnswered(signal =>
    stream('docker', argv, { ...options, signal: either(signal, options.signal) }),
  )
  return silent ? { ...result, exitCode: timedOutExitCode, stderr: silence, failure: new Error(silence) } : result
}

/** Whether Docker answers anybody: asked by a program of its own, as one that hangs can not be asked. */
export async function dockerAnswers(limitMs = answerWithinMs): Promise<boolean> {
  const argv = ['version', '--format', '{{.Server.Version}}']
  return (await run('docker', argv, { timeoutMs: limitMs })).exitCode === 0
}

/** Ends the work by its signal when nobody has answered for as long as the patience goes. */
export async function whileAnswered<T>(
  work: (signal: AbortSignal) => Promise<T>,
  patience: Patience = usual,
): Promise<{ result: T; silent: boolean }> {
  const end = new AbortController()
  const working = work(end.signal)
  let over = false
  const ended = working.then(
    () => void (over = true),
    () => void (over = true),
  )
  let silentSince: number | undefined
  let pauseMs = patience.firstLookMs
  while (!end.signal.aborted) {
    await pause(pauseMs, ended)
    if (over) break
    const askedAt = performance.now()
    const answers = await Promise.race([patience.answers(), ended.then(() => true)])
    silentSince = answers ? undefined : (silentSince ?? askedAt)
    if (silentSince !== undefined && performance.now() - silentSince >= patience.silentMs) end.abort()
    pauseMs = patience.paceMs
  }
  return { result: await working, silent: end.signal.aborted }
}

export interface Patience {
  answers(): Promise<boolean>
  /** Most calls are over by then, and nobody needs to be asked. */
  firstLookMs: number
  paceMs: number
  silentMs: number
}

function either(signal: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? signal : AbortSignal.any([signal, other])
}

const silence = 'error during connect: Docker Engine has answered nobody for a minute'

const answerWithinMs = 5000
const usual: Patience = { answers: dockerAnswers, firstLookMs: 15_000, paceMs: 5000, silentMs: 60_000 }

async function pause(milliseconds: number, ended: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const waited = new Promise<void>(resolve => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([waited, ended])
  clearTimeout(timer)
}
