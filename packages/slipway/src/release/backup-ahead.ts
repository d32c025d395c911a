import type { Context } from './context.ts'
import type { BackupFile, BegunBackup } from './ports.ts'

/**
 * The backup is begun while the code is fetched: neither touches anything that runs. Without a name it is no backup yet;
 * only the step of that name keeps it, when all of it is verified.
 */
export function beginBackupAhead(context: Context): BegunBackup | undefined {
  const { plan, ports } = context
  // Only where it is known beforehand that there is something to back up.
  if (ports.database === undefined || plan.current === undefined || plan.database === undefined) return undefined
  const ahead: BackupAhead = {
    backup: ports.backups.begin('pre-deploy', text => ahead.say(text)),
    said: [],
    say: text => void ahead.said.push(text),
  }
  const { backup } = ahead
  backup.verified.then(
    () => (ahead.verifiedAt = ports.clock.monotonic()),
    () => undefined,
  )
  // Perhaps nobody comes to read it.
  backup.dumped.catch(() => undefined)
  context.backupAhead = ahead
  return backup
}

export interface BackupAhead {
  backup: BegunBackup
  /** The moment (monotonic) at which it was verified. */
  verifiedAt?: number
  /** What was said of it before its step began. */
  said: string[]
  say: (text: string) => void
}

/** The backup that was begun; undefined: there is none, or it has lain for so long that writes of since would be missing. */
export async function keptAhead(context: Context): Promise<BackupFile | undefined> {
  const { backupAhead: ahead, ports } = context
  if (ahead === undefined) return undefined
  if (ahead.verifiedAt !== undefined && ports.clock.monotonic() - ahead.verifiedAt > staleAfterMs) {
    // What was restored from it is of no use any more either.
    await context.filled?.catch(() => undefined)
    delete context.filled
    await discardAhead(context)
    return undefined
  }
  if (ahead.verifiedAt === undefined) for (const text of ahead.said) context.note(text)
  ahead.say = context.note
  const file = await ahead.backup.keep()
  delete context.backupAhead
  return file
}

/** For a deployment that ends before it needs one. Safe to repeat. */
export async function discardAhead(context: Context): Promise<void> {
  await context.backupAhead?.backup.discard()
  delete context.backupAhead
}

/** As when an image takes minutes to build. */
const staleAfterMs = 10_000
