import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { SlipwayError } from './errors.ts'
import { isMissing } from './files.ts'
import { shellLine } from './shell-quote.ts'

/**
 * Marks an open file or folder as somebody's for as long as it is open. The mark is a kernel lock (flock) on what this process has
 * open, which the child that takes it shares: it goes however this process ends, and other containers see it, which
 * would not see this process. Where the file system knows no locks the file is not marked.
 * False: somebody took it for abandoned just before, and removed it.
 */
export async function holdFile(handle: FileHandle): Promise<boolean> {
  await lock(handle, usualPatienceMs)
  return (await handle.stat()).nlink > 0
}

/** The same, and waits until it is nobody else's. False: it still is. Rejects where files can not be marked. */
export async function waitToHold(handle: FileHandle, limitMs: number): Promise<boolean> {
  const exitCode = await lock(handle, limitMs)
  if (exitCode === 0 || exitCode === conflict) return exitCode === 0
  throw new Error(exitCode === undefined ? 'The program flock does not run.' : `flock ended with code ${exitCode}.`)
}

/** Whether somebody has marked it; undefined: that can not be told here. */
export async function isHeld(file: string): Promise<boolean | undefined> {
  return whileFree(file, () => undefined)
}

/** Removes a file, or a folder with all in it, unless somebody has marked it; true: somebody has. Undefined: that can not be told here. */
export async function removeUnlessHeld(file: string): Promise<boolean | undefined> {
  return whileFree(file, () => rm(file, { recursive: true, force: true }))
}

/**
 * One process at a time does this, of all that name the same file or folder, in whatever container. Whoever waits for
 * longer than `patienceMs` gets LOCKED: what is done meanwhile takes milliseconds.
 */
export async function oneAtATime<T>(path: string, act: () => Promise<T>, patienceMs = usualPatienceMs): Promise<T> {
  const handle = await open(path, 'r')
  try {
    if ((await lock(handle, patienceMs)) === conflict) throw takenByOthers(path, patienceMs)
    return await act()
  } finally {
    await handle.close()
  }
}

/** Nobody marks it before that is done. */
async function whileFree(file: string, act: () => unknown): Promise<boolean | undefined> {
  const handle = await open(file, 'r').catch((error: unknown) => (isMissing(error) ? 'missing' : 'closed'))
  if (typeof handle === 'string') return handle === 'missing' ? false : undefined
  try {
    const exitCode = await lock(handle, 0)
    if (exitCode !== 0) return exitCode === conflict ? true : undefined
    await act()
    return false
  } finally {
    await handle.close()
  }
}

async function lock(handle: FileHandle, limitMs: number): Promise<number | undefined> {
  const patience = limitMs === 0 ? ['--nonblock'] : ['--timeout', String(limitMs / 1000)]
  const argv = ['--exclusive', ...patience, '--conflict-exit-code', String(conflict), '3']
  // A session of its own: a Ctrl-C in the terminal is for the deployment, which may wait for it on its way back.
  const child = spawn('flock', argv, { stdio: ['ignore', 'ignore', 'ignore', handle.fd], detached: true })
  const [exitCode] = (await once(child, 'close').catch(() => [])) as [number?]
  return exitCode
}

const conflict = 75
const usualPatienceMs = 10_000

function takenByOthers(path: string, patienceMs: number): SlipwayError {
  return new SlipwayError('LOCKED', `${path} is being changed by another process`, {
    why: `it was not free for ${patienceMs / 1000} s`,
    state: 'nothing was written',
    next: `Do it again. Stays it so, see who has it open: ${shellLine(['fuser', '-v', path])}`,
  })
}
