import { lstat, readFile } from 'node:fs/promises'
import { runGit } from '../../support/git.ts'

/** Paths of all that Git keeps of a folder now, below it. Undefined: the folder is in no repository. */
export async function trackedFiles(directory: string): Promise<string[] | undefined> {
  const result = await runGit(directory, ['ls-files', '-z', '--cached', '--', '.'])
  if (result.exitCode !== 0) return undefined
  // During a merge a file is listed once for each side.
  return [...new Set(result.stdout.split('\0').filter(path => path !== ''))]
}

export interface DecodedFile {
  content: string
  /** Otherwise it has bytes that no text has, and only what it is can be told. */
  isText: boolean
}

/** Undefined: it is gone, or no plain file. */
export async function readText(file: string): Promise<DecodedFile | 'too large' | undefined> {
  try {
    const found = await lstat(file)
    if (!found.isFile()) return undefined
    if (found.size > largestText) return 'too large'
    return decode(await readFile(file))
  } catch {
    return undefined
  }
}

export function decode(bytes: Buffer): DecodedFile {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { content: bytes.toString('utf16le'), isText: true }
  const isText = !bytes.subarray(0, 8192).includes(0)
  return { content: bytes.toString(isText ? 'utf8' : 'latin1'), isText }
}

/** In bytes: what is larger is no text that a person wrote. */
export const largestText = 5_000_000
