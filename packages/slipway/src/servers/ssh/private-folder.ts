import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'

/**
 * A folder of one connection, which nobody else may enter. Its path is short and plain, whatever TMPDIR says: the name
 * of a control socket may have about 100 characters, and ssh reads quotes and `%` in paths. It goes with the process.
 */
export async function privateFolder(): Promise<PrivateFolder> {
  const path = await mkdtemp('/tmp/slipway-ssh-')
  const leave = (): void => rmSync(path, { recursive: true, force: true })
  process.once('exit', leave)
  return {
    path,
    async remove() {
      process.off('exit', leave)
      await rm(path, { recursive: true, force: true })
    },
  }
}

export interface PrivateFolder {
  path: string
  remove(): Promise<void>
}
