import type { Readable } from 'node:stream'

/** The lines of a stream. One that is longer than any may be ends it: whoever writes it is not who we talk to. */
export async function* boundedLines(input: Readable, longest: number): AsyncGenerator<string> {
  let held: Buffer = Buffer.alloc(0)
  for await (const chunk of input as AsyncIterable<Buffer>) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    for (let end = held.indexOf(0x0a); end >= 0; end = held.indexOf(0x0a)) {
      if (end > longest) return
      yield held.subarray(0, end).toString('utf8')
      held = held.subarray(end + 1)
    }
    if (held.length > longest) return
  }
}
