import type { Readable, Writable } from 'node:stream'
import { once } from 'node:events'

/**
 * Messages over a pair of streams: one line of JSON each, and behind those that carry bytes exactly so many of them.
 * What a login prints before the first message is not part of it.
 */
export class Wire {
  readonly #output: Writable
  readonly #reader: Reader
  #sending: Promise<void> = Promise.resolve()
  #failure: Error | undefined

  constructor(input: Readable, output: Writable) {
    this.#output = output
    this.#reader = new Reader(input)
    output.on('error', error => (this.#failure = error))
  }

  /** Messages at the same time keep their order. Waits while the other side does not read. */
  send(message: object, body?: Uint8Array): Promise<void> {
    const sent = this.#sending.then(() => this.#write(message, body))
    this.#sending = sent.catch(() => undefined)
    return sent
  }

  /** Undefined: the other side has ended. */
  async receive(): Promise<Message | undefined> {
    const line = await this.#reader.line(longestLine)
    if (line === undefined) return undefined
    const head = parsed(line)
    const { bytes } = head
    if (bytes === undefined) return { head, body: noBody }
    if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0 || bytes > largestBody) {
      throw new Error('a message says that it carries more than one may')
    }
    const body = await this.#reader.take(bytes)
    return body === undefined ? undefined : { head, body }
  }

  /** Passes over everything up to the greeting. Returns what it passed over when there was none. */
  async greeted(greeting: string): Promise<{ greeted: boolean; before: string }> {
    let before = ''
    for (;;) {
      const line = await this.#reader.line(longestNoise).catch(() => undefined)
      if (line === greeting) return { greeted: true, before }
      if (line !== undefined) before += `${line}\n`
      if (line === undefined || before.length > longestNoise) return { greeted: false, before }
    }
  }

  end(): void {
    this.#output.end()
  }

  async #write(message: object, body: Uint8Array | undefined): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const head = body === undefined ? message : { ...message, bytes: body.length }
    const line = Buffer.from(`${JSON.stringify(head)}\n`)
    const whole = body === undefined ? line : Buffer.concat([line, body])
    if (!this.#output.write(whole)) await once(this.#output, 'drain')
  }
}

export interface Message {
  head: Record<string, unknown>
  body: Uint8Array
}

/** The largest piece of a file that travels as one message. */
export const pieceBytes = 256 * 1024
const largestBody = 4 * 1024 * 1024
const longestLine = 256 * 1024 * 1024
const longestNoise = 64 * 1024
const noBody = new Uint8Array(0)

class Reader {
  readonly #chunks: AsyncIterator<Buffer>
  #held: Buffer[] = []
  #length = 0
  #ended = false

  constructor(input: Readable) {
    this.#chunks = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  }

  async line(most: number): Promise<string | undefined> {
    for (let searched = 0; ; ) {
      const found = this.#find(searched)
      if (found >= 0) {
        const line = this.#cut(found).toString('utf8')
        this.#cut(1)
        return line
      }
      searched = this.#length
      if (searched > most) throw new Error('a line is longer than any message')
      if (!(await this.#more())) return undefined
    }
  }

  async take(bytes: number): Promise<Buffer | undefined> {
    while (this.#length < bytes) if (!(await this.#more())) return undefined
    return this.#cut(bytes)
  }

  /** Only what has come since the last search is looked at: long lines come in many chunks. */
  #find(from: number): number {
    let before = 0
    for (const chunk of this.#held) {
      const after = before + chunk.length
      if (after > from) {
        const at = chunk.indexOf(0x0a, Math.max(0, from - before))
        if (at >= 0) return before + at
      }
      before = after
    }
    return -1
  }

  #cut(bytes: number): Buffer {
    const all = this.#held.length === 1 ? (this.#held[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#held)
    const rest = all.subarray(bytes)
    this.#held = rest.length === 0 ? [] : [rest]
    this.#length = rest.length
    return all.subarray(0, bytes)
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false
    const next = await this.#chunks.next().catch(() => ({ done: true as const, value: undefined }))
    if (next.done === true) {
      this.#ended = true
      return false
    }
    this.#held.push(next.value)
    this.#length += next.value.length
    return true
  }
}

function parsed(line: string): Record<string, unknown> {
  const value: unknown = JSON.parse(line)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Error('a message is not of the form that messages have')
}
