import { Writable } from 'node:stream'
import { asSlipwayError, exitCodes, SlipwayError } from '../support/errors.ts'
import { redactor } from '../support/redact.ts'
import type { Wiring } from './application.ts'
import type { Context, GlobalOptions, Result } from './context.ts'
import { type Input, noInput } from './input.ts'
import { ownWords, parseCommandLine } from './parse.ts'
import { errorAnnotations, errorText } from './render/error.ts'
import { jsonError, jsonText } from './render/json.ts'
import { screenOf, type Stream, type Variables } from './render/screen.ts'

/** One run of `slipway …`: returns the exit code, and keeps the contract of stdout and stderr for all commands. */
export async function runCli(argv: readonly string[], world: World): Promise<number> {
  // For a mistake in the command line itself, before its options are known.
  let options = guessedOptions(argv)
  let name = ''
  const ends: (() => Promise<void>)[] = []
  try {
    const parsed = await parseCommandLine(argv)
    if (parsed.kind === 'help') {
      world.stdout.write(options.json ? jsonText({ command: 'help', exitCode: 0, result: parsed.text }) : parsed.text)
      return exitCodes.ok
    }
    options = parsed.options
    name = parsed.command.name
    const { run } = await parsed.command.handler()
    const running = run(parsed.input as never, contextOf(options, world, ends))
    const result =
      parsed.command.onInterrupt === 'leave' ? await Promise.race([running, aborted(world.signal)]) : await running
    const failure = await report(name, result, options, world)
    await result.onceWritten?.(failure)
    return result.exitCode
  } catch (thrown) {
    return reportError(name, thrown, options, world)
  } finally {
    await Promise.all(ends.map(end => end().catch(() => undefined)))
  }
}

/** What was thrown where nobody waits for it: it gets a code all the same, and never a bare stack. */
export function reportStray(argv: readonly string[], thrown: unknown, world: World): number {
  return reportError('', thrown, guessedOptions(argv), world)
}

export interface World {
  stdout: Stream
  stderr: Stream
  /** Absent: there is nobody to ask. */
  input?: Input
  variables: Variables
  signal: AbortSignal
  /** Set when nobody reads stdout any more; absent: somebody always does. */
  unread?: AbortSignal
  now(): Date
  wiring(): Promise<Wiring>
}

/** For a mistake in the command line itself, before its options are known. */
function guessedOptions(argv: readonly string[]): GlobalOptions {
  const own = ownWords(argv)
  return { json: own.includes('--json'), color: !own.includes('--no-color'), debug: own.includes('--debug') }
}

function contextOf(options: GlobalOptions, world: World, ends: (() => Promise<void>)[] = []): Context {
  return {
    options,
    signal: world.signal,
    unread: world.unread ?? new AbortController().signal,
    stdout: screenOf(world.stdout, world.variables, options.color),
    stderr: screenOf(world.stderr, world.variables, options.color),
    input: world.input ?? noInput,
    variables: world.variables,
    now: world.now,
    atEnd: work => void ends.push(work),
    wiring: world.wiring,
  }
}

/** Returns why it did not reach stdout, where somebody waits to know. */
async function report(
  command: string,
  result: Result,
  options: GlobalOptions,
  { stdout }: World,
): Promise<Error | undefined> {
  const { exitCode, document, text, bytes } = result
  const shown = options.json ? jsonText({ command, exitCode, result: document }) : (bytes ?? text())
  if (result.onceWritten !== undefined && stdout instanceof Writable) return written(stdout, shown)
  stdout.write(shown)
  return undefined
}

function written(stream: Writable, shown: string | Uint8Array): Promise<Error | undefined> {
  return new Promise(resolve => stream.write(shown, error => resolve(error ?? undefined)))
}

function reportError(command: string, thrown: unknown, options: GlobalOptions, world: World): number {
  const raised = asSlipwayError(thrown, 'Something happened that Slipway does not expect')
  const error = redactor([]).error(interrupted(raised, world.signal))
  const { stderr } = contextOf(options, world)
  stderr.write(errorText(error, stderr, options))
  if (world.variables['GITHUB_ACTIONS'] === 'true') stderr.write(errorAnnotations(error, world.variables))
  if (options.json) world.stdout.write(jsonText({ command, exitCode: error.exitCode, error: jsonError(error) }))
  return error.exitCode
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const leave = (): void => reject(new SlipwayError('INTERRUPTED', 'Interrupted'))
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  })
}

/** A program that was stopped by our own signal fails in its own words; to the person it was Ctrl-C. */
function interrupted(error: SlipwayError, signal: AbortSignal): SlipwayError {
  if (!signal.aborted || error.code === 'INTERRUPTED' || error.code === 'NEEDS_PERSON') return error
  return new SlipwayError('INTERRUPTED', 'Interrupted', {
    why: error.message,
    state: error.state,
    next: error.next,
    cause: error,
  })
}
