import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, type FileHandle } from 'node:fs/promises'
import { isMissing } from './files.ts'

/**
 * Marks an open file as somebody's for as long as it is open. The mark is a kernel lock (flock) on what this process has
 * open, which the child that takes it shares: it goes however this process ends, and other containers see it, which
 * would not see this process. Where the file system knows no locks the file is not marked.
 */
export async function holdFile(handle: FileHandle): Promise<void> {
  await lock(handle, ['--nonblock'])
}

/** The same, and waits until it is nobody else's. False: it still is. Rejects where files can not be marked. */
export async function waitToHold(handle: FileHandle, limitMs: number): Promise<boolean> {
  const exitCode = await lock(handle, ['--timeout', String(limitMs / 1000)])
  if (exitCode === 0 || exitCode === conflict) return exitCode === 0
  throw new Error(exitCode === undefined ? 'The program flock does not run.' : `flock ended with code ${exitCode}.`)
}

/** Whether somebody has marked it; undefined: that can not be told here. */
export async function isHeld(file: string): Promise<boolean | undefined> {
  const handle = await open(file, 'r').catch((error: unknown) => (isMissing(error) ? 'missing' : 'closed'))
  if (typeof handle === 'string') return handle === 'missing' ? false : undefined
  try {
    const exitCode = await lock(handle, ['--nonblock'])
    if (exitCode === 0) return false
    return exitCode === conflict ? true : undefined
  } finally {
    await handle.close()
  }
}

async function lock(handle: FileHandle, patience: readonly string[]): Promise<number | undefined> {
  const argv = ['--exclusive', ...patience, '--conflict-exit-code', String(conflict), '3']
  // A session of its own: a Ctrl-C in the terminal is for the deployment, which may wait for it on its way back.
  const child = spawn('flock', argv, { stdio: ['ignore', 'ignore', 'ignore', handle.fd], detached: true })
  const [exitCode] = (await once(child, 'close').catch(() => [])) as [(number | null)?]
  return exitCode ?? undefined
}

const conflict = 75
