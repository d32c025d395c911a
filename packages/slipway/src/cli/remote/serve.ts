import { gunzip } from 'node:zlib'
import { promisify } from 'node:util'
import type { Readable, Writable } from 'node:stream'
import { errorDocument } from '../../runner/error-document.ts'
import { greeting, sessionCommand } from '../../runner/names.ts'
import { pieceBytes, Wire, type Message } from '../../runner/wire.ts'
import { asSlipwayError, exitCodes, SlipwayError } from '../../support/errors.ts'
import { redactor } from '../../support/redact.ts'
import { version } from '../version.ts'
import type { Calls, CallName, Hello } from './calls.ts'
import { SessionCalls } from './session-calls.ts'

/** The server's side of a session: answers calls until the operator's side ends, and ends no work half way for that. */
export async function serveSession(argv: readonly string[], input: Readable, output: Writable): Promise<number> {
  const [command, project, environment, ...more] = argv
  if (command !== sessionCommand || project === undefined || environment === undefined || more.length > 0) {
    process.stderr.write('This command is for slipway itself.\n')
    return exitCodes.usage
  }
  const wire = new Wire(input, output)
  output.write(`${greeting}\n`)
  await wire.send({ hello: { version, now: new Date().toISOString() } satisfies Hello })
  const session = new Session(wire, new SessionCalls(project, environment))
  const silence = setTimeout(() => input.destroy(), longestSilenceMs)
  for (let message = await next(wire); message !== undefined; message = await next(wire)) {
    silence.refresh()
    await session.take(message)
  }
  clearTimeout(silence)
  await session.end()
  return exitCodes.ok
}

/** The operator's side says something every few seconds. */
const longestSilenceMs = 60_000

class Session {
  readonly #wire: Wire
  readonly #calls: SessionCalls
  readonly #running = new Map<number, { stop: AbortController; done: Promise<void> }>()

  constructor(wire: Wire, calls: SessionCalls) {
    this.#wire = wire
    this.#calls = calls
  }

  async take({ head, body }: Message): Promise<void> {
    if (typeof head['piece'] === 'string') {
      // What can not be unpacked is not what was offered: its hash will tell.
      const bytes =
        head['packed'] === true ? await unpack(body, { maxOutputLength: pieceBytes }).catch(() => body) : body
      await this.#calls.piece(head['piece'], bytes, head['last'] === true)
    } else if (typeof head['stop'] === 'number') {
      this.#running.get(head['stop'])?.stop.abort()
    } else if (typeof head['ask'] === 'number') {
      this.#begin(head['ask'], String(head['call']), head['sent'])
    }
  }

  /** Whoever asked is gone: what only looks is stopped, what changes something goes on to its end. */
  async end(): Promise<void> {
    for (const { stop } of this.#running.values()) stop.abort()
    await Promise.all([...this.#running.values()].map(({ done }) => done))
    await this.#calls.close()
  }

  #begin(ask: number, call: string, sent: unknown): void {
    const stop = new AbortController()
    const done = this.#answer(ask, call, sent, stop.signal).finally(() => this.#running.delete(ask))
    this.#running.set(ask, { stop, done })
  }

  async #answer(ask: number, call: string, sent: unknown, signal: AbortSignal): Promise<void> {
    const told = (value: unknown): Promise<void> => this.#wire.send({ of: ask, told: value }).catch(() => undefined)
    try {
      if (!this.#calls.has(call)) throw new SlipwayError('BUG', `There is no call ${JSON.stringify(call.slice(0, 40))}`)
      const answer = await this.#calls.answer(call, sent as Calls[CallName]['sent'], told, signal)
      await this.#wire.send({ of: ask, answer })
    } catch (thrown) {
      const error = redactor([]).error(asSlipwayError(thrown, 'The call failed on the server'))
      await this.#wire.send({ of: ask, refused: errorDocument(error) }).catch(() => undefined)
    }
  }
}

async function next(wire: Wire): Promise<Message | undefined> {
  return wire.receive().catch(() => undefined)
}

const unpack = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(gunzip)
