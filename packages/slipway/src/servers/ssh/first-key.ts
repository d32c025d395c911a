import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { run } from '../../support/run.ts'
import { pinnedName, type ServerAddress } from './address.ts'
import { connectionFailure } from './failure.ts'
import { pinnedKeysIn, type HostKey } from './pinned-keys.ts'
import { firstKeyArgv, pinnedFile, type Patience } from './ssh-argv.ts'

/** The key with which a server answers, for a person to compare. One connection, which ends before any login. */
export async function firstKey(server: ServerAddress, patience: Patience = {}): Promise<HostKey> {
  const folder = await mkdtemp('/tmp/slipway-ssh-')
  try {
    await writeFile(pinnedFile(folder), '', { mode: 0o600 })
    const { stderr, exitCode } = await run('ssh', firstKeyArgv(server, folder, patience), { timeoutMs: 30_000 })
    const [key] = pinnedKeysIn(await readFile(pinnedFile(folder), 'utf8'), pinnedName(server))
    if (key === undefined) throw connectionFailure(server, stderr, exitCode)
    return key
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
