import { lstat, readFile } from 'node:fs/promises'
import { runGit } from '../../support/git.ts'
import { notStartedExitCode } from '../../support/run.ts'

/**
 * Paths of all that Git keeps of a folder now, below it. Undefined: the folder is in no repository, or there is no Git.
 * refused: there is one, and why Git does not read it, as when it belongs to somebody else.
 */
export async function trackedFiles(directory: string): Promise<{ paths: string[] } | { refused: string } | undefined> {
  const { exitCode, stdout, stderr } = await runGit(directory, ['ls-files', '-z', '--cached', '--', '.'])
  if (exitCode === notStartedExitCode || /not a git repository/.test(stderr)) return undefined
  if (exitCode !== 0) return { refused: stderr.split('\n')[0] || `git ended with ${exitCode}` }
  // During a merge a file is listed once for each side.
  return { paths: [...new Set(stdout.split('\0').filter(path => path !== ''))] }
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
