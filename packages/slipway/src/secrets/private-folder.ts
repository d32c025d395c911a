import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { access, constants, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A folder for clear text that is gone afterwards, whatever happens: in memory where the system has such a place, only
 * for this user, removed at the end, at an exit by a signal, and by the next run when the process was killed.
 */
export async function withPrivateFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const base = await privateBase()
  removeLeftBehind(base)
  const folder = mkdtempSync(join(base, `${prefix}${process.pid}-`))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  process.on('exit', remove)
  try {
    return await act(folder)
  } finally {
    process.off('exit', remove)
    remove()
  }
}

/** Whether what lies in a folder is never written to a disk (but for swap). */
export async function isInMemory(folder: string): Promise<boolean> {
  const { type } = await statfs(folder)
  return type === tmpfs || type === ramfs
}

const tmpfs = 0x01021994
const ramfs = 0x858458f6

/** On disk, clear text could be read from the blocks after it was removed. */
async function privateBase(): Promise<string> {
  for (const place of [process.env['XDG_RUNTIME_DIR'], '/dev/shm']) {
    if (place === undefined || place === '') continue
    const usable = await access(place, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    )
    if (usable) return place
  }
  return tmpdir()
}

/** Of processes that were killed, and of nobody else. */
function removeLeftBehind(base: string): void {
  for (const name of readdirSync(base)) {
    const pid = name.startsWith(prefix) ? Number(/^\d+/.exec(name.slice(prefix.length))?.[0]) : Number.NaN
    if (!Number.isInteger(pid) || isRunning(pid)) continue
    const folder = join(base, name)
    if (statSync(folder, { throwIfNoEntry: false })?.uid !== process.getuid?.()) continue
    rmSync(folder, { recursive: true, force: true })
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const prefix = 'slipway-secrets-'
