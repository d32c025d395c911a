import type { Promotion } from '../release/promotion.ts'
import type { Application, Wiring } from './application.ts'
import type { Input } from './input.ts'
import { writeNote } from './render/note.ts'
import type { Screen, Variables } from './render/screen.ts'

/** What every handler gets besides its own input. */
export interface Context {
  options: GlobalOptions
  /** Set by the first Ctrl-C. */
  signal: AbortSignal
  /** Set when nobody reads stdout any more. */
  unread: AbortSignal
  /** Where a result is shown. Handlers return theirs; only what never ends is written directly. */
  stdout: Screen
  /** Where everything else is shown. */
  stderr: Screen
  /** What a person types, or another program pipes in. */
  input: Input
  variables: Variables
  now(): Date
  /** Done when the command is over, whatever became of it. */
  atEnd(work: () => Promise<void>): void
  /** The real parts, loaded when first asked for. */
  wiring(): Promise<Wiring>
}

export interface GlobalOptions {
  json: boolean
  color: boolean
  config?: string
  debug: boolean
}

/** The result of a command: a document for `--json`, a text for people. Exactly one of them reaches stdout. */
export interface Result {
  exitCode: number
  document: unknown
  text: () => string
  /** In place of the text, for what is no text. */
  bytes?: Uint8Array
  /** What is only done when all of it has left for stdout, or what is to be said when it could not. */
  onceWritten?: (failure: Error | undefined) => Promise<void>
}

export async function openApplication(
  context: Context,
  environment: string | undefined,
  promotion?: Promotion,
): Promise<Application> {
  const wiring = await context.wiring()
  const note = (text: string): void => writeNote(context.stderr, text)
  const application = await wiring.openApplication(context.options.config, environment, note, promotion)
  if (application.close !== undefined) context.atEnd(() => application.close?.() ?? Promise.resolve())
  return application
}
