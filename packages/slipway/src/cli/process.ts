import { takeIdentityFrom } from '../secrets/identities.ts'
import { processInput } from './input.ts'
import { interruption, leftAtOnce } from './interruption.ts'
import { reportStray, runCli, type World } from './run.ts'

/** Binds the command line to this process: its streams, its signals, its exit code. */
export async function runInProcess(argv: string[]): Promise<void> {
  takeIdentityFrom(process.env)
  const streams = [process.stdout, process.stderr]
  // `slipway history | head` closes the pipe early, a terminal goes, a disk is full: what was begun goes on all the
  // same, and its journal has all of it.
  for (const stream of streams) stream.on('error', () => undefined)
  const unread = new AbortController()
  process.stdout.on('error', () => unread.abort())
  const interrupt = interruption(exitCode => {
    process.stderr.write(`\n${leftAtOnce}\n`)
    process.exit(exitCode)
  })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.signalled(name))
  const world: World = {
    stdout: process.stdout,
    stderr: process.stderr,
    input: processInput(),
    variables: process.env,
    signal: interrupt.signal,
    unread: unread.signal,
    now: () => new Date(),
    wiring: () => import('./wiring.ts'),
  }
  process.on('uncaughtException', thrown => process.exit(reportStray(argv, thrown, world)))
  const exitCode = await runCli(argv, world)
  await Promise.all(streams.map(written))
  // Left-over handles, such as a connection kept open for the next call, must not keep the person waiting.
  process.exit(exitCode)
}

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => {
    if (stream.destroyed || !stream.writable) resolve()
    else stream.write('', () => resolve())
  })
}
