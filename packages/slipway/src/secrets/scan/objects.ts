import { Readable, Writable } from 'node:stream'
import { streamGit } from '../../support/git.ts'
import { expectDone, readLines } from './git-output.ts'
import { largestText } from './tracked.ts'

/**
 * Every text file that Git has ever kept below a folder, each version once, newest first. prefix: the folder's path in
 * its repository, with a `/` at its end, or nothing.
 */
export async function readObjects(
  directory: string,
  prefix: string,
  hear: (file: KeptFile) => void,
): Promise<{ commits: number; files: number; tooLarge: number; missing: number }> {
  const { commits, tooLarge, paths } = await listObjects(directory, prefix)
  let files = 0
  let missing = 0
  const output = objectReader((object, kind, content) => {
    if (kind === 'missing') missing += 1
    if (kind !== 'blob') return
    files += 1
    const isText = !content.subarray(0, 8192).includes(0)
    if (isText) hear({ object, path: paths.get(object) ?? '', text: content.toString('utf8') })
  })
  const input = Readable.from([...paths.keys()].map(object => `${object}\n`))
  expectDone(await streamGit(directory, ['cat-file', '--batch', '--buffer'], { input, output }))
  return { commits, files, tooLarge, missing }
}

export interface KeptFile {
  /** The name of its content in Git. */
  object: string
  /** Below the folder. */
  path: string
  text: string
}

async function listObjects(
  directory: string,
  prefix: string,
): Promise<{ commits: number; tooLarge: number; paths: Map<string, string> }> {
  const paths = new Map<string, string>()
  let commits = 0
  let tooLarge = 0
  const limits = [`--filter=blob:limit=${largestText}`, '--filter-print-omitted']
  await readLines(directory, ['rev-list', '--objects', '--all', '--full-history', ...limits, '--', '.'], line => {
    const space = line.indexOf(' ')
    if (line.startsWith('~')) tooLarge += 1
    else if (space < 0) commits += 1
    else if (line.startsWith(prefix, space + 1)) paths.set(line.slice(0, space), line.slice(space + 1 + prefix.length))
  })
  return { commits, tooLarge, paths }
}

/** Of `git cat-file --batch`: each object, with its content where it is there. */
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
        if (kind === 'missing') hear(object, kind, Buffer.alloc(0))
        else head = { object, kind, size: Number(size) }
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
