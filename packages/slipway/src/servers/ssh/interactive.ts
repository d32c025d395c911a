import { writeFile } from 'node:fs/promises'
import type { ServerAddress } from './address.ts'
import { linkIdentity } from './identity.ts'
import { unknownServer } from './failure.ts'
import { pinnedFileText, readPinnedKeys } from './pinned-keys.ts'
import { privateFolder } from './private-folder.ts'
import { interactiveArgv, pinnedFile } from './ssh-argv.ts'

/** For a person at a terminal: the same pinned key, and everything else as ssh does it. */
export async function withInteractiveArgv<Result>(
  server: ServerAddress,
  pinnedKeys: string,
  command: string | undefined,
  work: (argv: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const keys = await readPinnedKeys(pinnedKeys, server)
  if (keys.length === 0) throw unknownServer(server, pinnedKeys)
  const folder = await privateFolder()
  try {
    await writeFile(pinnedFile(folder.path), pinnedFileText(server, keys), { mode: 0o600 })
    if (server.identityFile !== undefined) await linkIdentity(server, server.identityFile, folder.path)
    return await work(interactiveArgv(server, folder.path, command))
  } finally {
    await folder.remove()
  }
}
