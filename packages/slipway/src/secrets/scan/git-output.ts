import { type Readable, Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { SlipwayError } from '../../support/errors.ts'
import { streamGit } from '../../support/git.ts'
import type { StreamResult } from '../../support/stream.ts'

/** Hears every line that a call of git prints, without its end. Throws HISTORY_INCOMPLETE when it fails. */
export async function readLines(
  directory: string,
  argv: readonly string[],
  input: Readable,
  hear: (line: string) => void,
): Promise<void> {
  expectDone(await streamGit(directory, argv, { input, output: partReader('\n', hear) }))
}

/** The same for what is printed with a zero after each field. settings: `name=value` of Git's. */
export async function readFields(
  directory: string,
  argv: readonly string[],
  settings: readonly string[],
  hear: (field: string) => void,
): Promise<void> {
  expectDone(await streamGit(directory, argv, { settings, output: partReader('\0', hear) }))
}

function partReader(end: string, hear: (part: string) => void): Writable {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const parts = (rest + decoder.write(chunk)).split(end)
      rest = parts.pop() ?? ''
      for (const part of parts) hear(part)
      done()
    },
  })
}

/** Of `git cat-file --batch`: each object that is there, with its content. */
export function objectReader(hear: (object: string, kind: string, content: Buffer) => void): Writable {
  let buffered: Buffer[] = []
  let length = 0
  let wanted = 0
  let head: { object: string; kind: string; size: number } | undefined
  const take = () => {
    const whole = Buffer.concat(buffered, length)
    let at = 0
    for (;;) {
      if (head === undefined) {
        const end = whole.indexOf(10, at)
        if (end < 0) break
        const [object = '', kind = '', size = ''] = whole.toString('utf8', at, end).split(' ')
        at = end + 1
        if (kind !== 'missing') head = { object, kind, size: Number(size) }
        continue
      }
      const { object, kind, size } = head
      if (whole.length < at + size + 1) break
      hear(object, kind, whole.subarray(at, at + size))
      at += size + 1
      head = undefined
    }
    buffered = [whole.subarray(at)]
    length = whole.length - at
    wanted = head === undefined ? 0 : head.size + 1
  }
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      buffered.push(chunk)
      length += chunk.length
      // A large object arrives in many pieces: they are put together once.
      if (length >= wanted) take()
      done()
    },
  })
}

export function expectDone({ exitCode, stderr, failure }: StreamResult): void {
  if (exitCode === 0 && failure === undefined) return
  const why = stderr.trim() === '' ? String(failure) : stderr.trim()
  throw noVerdict('The history of the repository could not be read', why, 'See what is wrong with it: git fsck')
}

export function noVerdict(message: string, why: string, next: string): SlipwayError {
  const state = 'nothing was changed, and no verdict can be given'
  return new SlipwayError('HISTORY_INCOMPLETE', message, { why, state, next })
}
