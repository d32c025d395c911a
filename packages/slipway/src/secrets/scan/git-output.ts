import { Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { SlipwayError } from '../../support/errors.ts'
import { streamGit } from '../../support/git.ts'
import type { StreamResult } from '../../support/stream.ts'

/** Hears every line that a call of git prints, without its end. Throws HISTORY_INCOMPLETE when it fails. */
export async function readLines(
  directory: string,
  argv: readonly string[],
  hear: (line: string) => void,
): Promise<void> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const lines = (rest + decoder.write(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) hear(line)
      done()
    },
  })
  expectDone(await streamGit(directory, argv, { output }))
}

export function expectDone({ exitCode, stderr, failure }: StreamResult): void {
  if (exitCode === 0 && failure === undefined) return
  throw new SlipwayError('HISTORY_INCOMPLETE', 'The history of the repository could not be read', {
    why: stderr.trim() === '' ? String(failure) : stderr.trim(),
    state: 'nothing was changed, and no verdict can be given',
    next: 'See what is wrong with it: git fsck',
  })
}
