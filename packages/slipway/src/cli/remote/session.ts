import { PassThrough } from 'node:stream'
import { gzip } from 'node:zlib'
import { promisify } from 'node:util'
import { join } from 'node:path'
import type { ServerConfig } from '../../config/model.ts'
import { sessionArgv, type SessionPlace } from '../../runner/container-argv.ts'
import { errorOf, type ErrorDocument } from '../../runner/error-document.ts'
import { deliverImage, proveSameImage } from '../../runner/image.ts'
import { filesOf, type Manifest } from '../../runner/manifest.ts'
import { greeting } from '../../runner/names.ts'
import { pieces } from '../../runner/read-folder.ts'
import { sessionRefusal } from '../../runner/refusal.ts'
import { Wire } from '../../runner/wire.ts'
import { open, type Connection } from '../../servers/ssh/connection.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { Attach } from '../application.ts'
import type { CallName, Calls, Hello, Project } from './calls.ts'

/** The operator's side of a session: one program on the server that answers calls, over one connection. */
export class Session {
  readonly hello: Hello
  /** The server's name. */
  readonly server: string
  readonly #connection: Connection
  readonly #wire: Wire
  readonly #end: () => void
  readonly #pulse: NodeJS.Timeout
  readonly #waiting = new Map<number, Waiting>()
  #asked = 0
  #lost: SlipwayError | undefined

  private constructor(connection: Connection, { wire, hello, end }: Begun) {
    this.#connection = connection
    this.#wire = wire
    this.#end = end
    this.hello = hello
    this.server = connection.server.name
    this.#pulse = setInterval(() => void wire.send({ ping: true }).catch(() => undefined), pingMs).unref()
    void this.#listen()
  }

  /** Connects while it is found out what the session needs there. The image is brought when it is missing. */
  static async open(server: ServerConfig, wanted: Promise<SessionPlace>, options: SessionOptions): Promise<Session> {
    wanted.catch(() => undefined)
    const connection = await open(server, {
      pinnedKeys: options.pinnedKeys,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    try {
      const place = await wanted
      const begun = await begin(connection, server, place)
      if (begun !== 'absent') return new Session(connection, begun)
      options.note(`bringing Slipway's runner to ${server.name}: once for this version`)
      await deliverImage(connection, place.image, options.product)
      await proveSameImage(connection, place.image)
      const again = await begin(connection, server, place)
      if (again === 'absent') throw new SlipwayError('RUNNER_FAILED', 'The runner was loaded and is not there')
      return new Session(connection, again)
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  async ask<Name extends CallName>(
    call: Name,
    sent: Calls[Name]['sent'],
    options: AskOptions<Name> = {},
  ): Promise<Calls[Name]['answer']> {
    if (this.#lost !== undefined) throw this.#lost
    const id = (this.#asked += 1)
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, told: options.told as ((value: unknown) => void) | undefined })
    })
    const stop = (): void => void this.#wire.send({ stop: id }).catch(() => undefined)
    options.signal?.addEventListener('abort', stop, { once: true })
    try {
      await this.#wire.send({ ask: id, call, sent })
      // It may have come while the connection was made.
      if (options.signal?.aborted === true) stop()
      return (await answered) as Calls[Name]['answer']
    } finally {
      options.signal?.removeEventListener('abort', stop)
      this.#waiting.delete(id)
    }
  }

  /** For what is done on the server itself, outside of the session's program. */
  get connection(): Connection {
    return this.#connection
  }

  /** Sends what the server does not have, and makes it what the calls are about. Returns its folder there. */
  async send(manifest: Manifest, directory: string, project: Project): Promise<Sent> {
    const { needed } = await this.ask('offer', { manifest })
    const wanted = new Set(needed)
    let bytes = 0
    for (const entry of filesOf(manifest)) {
      if (!wanted.delete(entry.sha256)) continue
      for await (const piece of pieces(join(directory, entry.path))) {
        const packed = await pack(piece.bytes, { level: 1 })
        const smaller = packed.length < piece.bytes.length
        const message = { piece: entry.sha256, last: piece.isLast, packed: smaller }
        await this.#wire.send(message, smaller ? packed : piece.bytes)
        bytes += piece.bytes.length
      }
    }
    const { folder } = await this.ask('accept', project)
    return { folder, files: needed.length, bytes }
  }

  /** Ends the session; the connection now leads the streams of whoever asked to a program there, until that ends. */
  attach(argv: readonly string[], terminal: boolean, attach: Attach): Promise<number> {
    clearInterval(this.#pulse)
    this.#end()
    return this.#connection.attach(argv, terminal, attach)
  }

  async close(): Promise<void> {
    clearInterval(this.#pulse)
    this.#end()
    await this.#connection.close()
  }

  async #listen(): Promise<void> {
    for (;;) {
      const message = await this.#wire.receive().catch(() => undefined)
      if (message === undefined) break
      const { of, told, refused } = message.head
      const waiting = typeof of === 'number' ? this.#waiting.get(of) : undefined
      if (told !== undefined) waiting?.told?.(told)
      else if (refused !== undefined) waiting?.reject(errorOf(refused as ErrorDocument, text => text))
      else waiting?.resolve(message.head['answer'])
    }
    this.#lost = new SlipwayError('SERVER_LOST', `The connection to the server ${this.#connection.server.name} broke`, {
      state: 'What was under way there goes on, or ends all as before.',
      next: 'Run the command again.',
    })
    for (const { reject } of this.#waiting.values()) reject(this.#lost)
  }
}

export interface SessionOptions {
  pinnedKeys: string
  /** The folder of the installed package. */
  product: string
  signal?: AbortSignal
  note(text: string): void
}

export interface Sent {
  folder: string
  files: number
  bytes: number
}

interface AskOptions<Name extends CallName> {
  told?: (value: Calls[Name]['told']) => void
  signal?: AbortSignal
}

/** The server's side ends a session from which it hears nothing: a cut network tells it nothing else. */
const pingMs = 10_000

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
  told: ((value: unknown) => void) | undefined
}

interface Begun {
  wire: Wire
  hello: Hello
  /** At once: what was asked for has been answered, or is nobody's concern any more. */
  end(): void
}

const pack = promisify<Buffer, { level: number }, Buffer>(gzip)

async function begin(connection: Connection, server: ServerConfig, place: SessionPlace): Promise<Begun | 'absent'> {
  const input = new PassThrough()
  const output = new PassThrough()
  const ending = new AbortController()
  const program = connection.stream(sessionArgv(place), { input, output, signal: ending.signal })
  // A program that could not be started leaves the output open.
  void program.then(
    () => output.end(),
    () => output.end(),
  )
  const wire = new Wire(output, input)
  const { greeted, before } = await wire.greeted(greeting)
  const first = greeted ? await wire.receive().catch(() => undefined) : undefined
  if (first !== undefined) return { wire, hello: first.head['hello'] as Hello, end: () => ending.abort() }
  input.end()
  const { exitCode, stderr } = await program
  const refusal = sessionRefusal(server, exitCode, `${before}${stderr}`)
  if (refusal === 'absent') return 'absent'
  throw refusal
}
