import { readFile, writeFile } from 'node:fs/promises'
import { run } from '../../support/run.ts'
import { pinnedName, type ServerAddress } from './address.ts'
import { connectionFailure } from './failure.ts'
import { pinnedKeysIn, type HostKey } from './pinned-keys.ts'
import { privateFolder } from './private-folder.ts'
import { firstKeyArgv, pinnedFile, type Patience } from './ssh-argv.ts'

/** The key with which a server answers, for a person to compare. One connection, which ends before any login. */
export async function firstKey(server: ServerAddress, patience: Patience = {}): Promise<HostKey> {
  const folder = await privateFolder()
  try {
    await writeFile(pinnedFile(folder.path), '', { mode: 0o600 })
    const { stderr, exitCode } = await run('ssh', firstKeyArgv(server, folder.path, patience), { timeoutMs: 30_000 })
    const [key] = pinnedKeysIn(await readFile(pinnedFile(folder.path), 'utf8'), pinnedName(server))
    if (key === undefined) throw connectionFailure(server, stderr, exitCode)
    return key
  } finally {
    await folder.remove()
  }
}
