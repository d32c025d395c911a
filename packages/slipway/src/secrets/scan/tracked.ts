import { lstat, readFile } from 'node:fs/promises'
import { runGit } from '../../support/git.ts'

/** Paths of all that Git keeps of a folder now, below it. Undefined: the folder is in no repository. */
export async function trackedFiles(directory: string): Promise<string[] | undefined> {
  const result = await runGit(directory, ['ls-files', '-z', '--cached', '--', '.'])
  if (result.exitCode !== 0) return undefined
  // During a merge a file is listed once for each side.
  return [...new Set(result.stdout.split('\0').filter(path => path !== ''))]
}

/** Undefined: it is gone, binary, or no plain file. */
export async function readText(file: string): Promise<{ content: string } | 'too large' | undefined> {
  try {
    const found = await lstat(file)
    if (!found.isFile()) return undefined
    if (found.size > largestText) return 'too large'
    const bytes = await readFile(file)
    return bytes.subarray(0, 8192).includes(0) ? undefined : { content: bytes.toString('utf8') }
  } catch {
    return undefined
  }
}

/** In bytes: what is larger is no text that a person wrote. */
export const largestText = 5_000_000
