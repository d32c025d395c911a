import { exitCodes } from '../support/errors.ts'
import { interruption } from './interruption.ts'
import { runCli } from './run.ts'

/** Binds the command line to this process: its streams, its signals, its exit code. */
export async function runInProcess(argv: string[]): Promise<void> {
  const streams = [process.stdout, process.stderr]
  for (const stream of streams) stream.on('error', ignoreClosedPipe)
  const interrupt = interruption(text => process.stderr.write(text), process.exit)
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.signalled(name))
  const exitCode = await runCli(argv, {
    stdout: process.stdout,
    stderr: process.stderr,
    variables: process.env,
    signal: interrupt.signal,
    now: () => new Date(),
    wiring: () => import('./wiring.ts'),
  }).catch((): number => exitCodes.bug)
  await Promise.all(streams.map(written))
  // Left-over handles, such as a connection kept open for the next call, must not keep the person waiting.
  process.exit(exitCode)
}

/** `slipway history | head` closes the pipe early. A deployment goes on all the same; its journal has all of it. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
}

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => {
    if (stream.destroyed || !stream.writable) resolve()
    else stream.write('', () => resolve())
  })
}
