import { readdir, readlink, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseBackupName } from './names.ts'

/**
 * Removes half dumps whose process was killed. Other environments, and the daily backup, may be dumping into the same
 * folder at this moment: a file that a process has open, or that is another user's, is left alone.
 */
export async function removeAbandoned(directory: string): Promise<void> {
  const names = await readdir(directory).catch((): string[] => [])
  const partial = names.filter(name => name.endsWith(suffix) && parseBackupName(name.slice(0, -suffix.length)))
  if (partial.length === 0) return
  const open = await openFiles()
  for (const name of partial) {
    const file = join(directory, name)
    const status = await stat(file).catch(() => undefined)
    if (status === undefined || status.uid !== process.getuid?.()) continue
    if (!open.has(`${status.dev} ${status.ino}`)) await rm(file, { force: true })
  }
}

const suffix = '.partial'

/** The files that processes of this user have open, by device and number. */
async function openFiles(): Promise<Set<string>> {
  const found = new Set<string>()
  const pids = (await readdir('/proc').catch((): string[] => [])).filter(name => /^\d+$/.test(name))
  for (const pid of pids) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch((): string[] => [])) {
      const path = `/proc/${pid}/fd/${descriptor}`
      if (!(await readlink(path).catch(() => '')).endsWith(suffix)) continue
      const status = await stat(path).catch(() => undefined)
      if (status !== undefined) found.add(`${status.dev} ${status.ino}`)
    }
  }
  return found
}
