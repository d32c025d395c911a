import { realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'

/**
 * What keeps an editor from copying what it edits to other places: of vim that is known. What is yanked there would lie in
 * ~/.viminfo for good, and beside it swap, backup and undo files. Before and after the person's own settings, which may ask
 * for them; small builds lack some, and would stop to say so.
 */
export async function quietArguments(program: string, path: string): Promise<string[]> {
  const name = basename((await programFile(program, path)) ?? program)
  // `vi` is vim under another name on most systems, and another program, which knows none of these, on others.
  if (!/^n?vim(\.\w+)?$/.test(name)) return []
  return ['-n', '-i', 'NONE', '--cmd', nothingBeside, '-c', nothingBeside]
}

const nothingBeside = 'silent! set nobackup nowritebackup noswapfile noundofile'

/** Where it lies, behind all links; undefined: nowhere, which the start of it will tell. */
async function programFile(program: string, path: string): Promise<string | undefined> {
  const candidates = program.includes('/') ? [program] : path.split(':').map(folder => join(folder, program))
  for (const candidate of candidates) {
    const found = await realpath(candidate).catch(() => undefined)
    if (found !== undefined) return found
  }
  return undefined
}
