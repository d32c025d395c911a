import type { BackupsConfig } from '../config/model.ts'
import type { BackupKind } from './names.ts'

export interface KnownBackup {
  name: string
  kind: BackupKind
  takenAt: Date
  /** Its digest was noted, which happens only after the dump was verified. */
  verified: boolean
}

/**
 * Pure: the names of the backups that go. Rules: the newest N before deployments stay, daily ones stay for
 * so many days. Above all rules: the newest verified one of each kind stays, and what is dated in the
 * future is not looked at: a clock that was wrong must not empty the folder.
 */
export function expired(
  all: readonly KnownBackup[],
  policy: Pick<BackupsConfig, 'keep' | 'daily'>,
  now: Date,
): string[] {
  const past = all.filter(backup => backup.takenAt.getTime() <= now.getTime())
  const newestFirst = [...past].sort(
    (a, b) => b.takenAt.getTime() - a.takenAt.getTime() || b.name.localeCompare(a.name),
  )
  return [
    ...goneBeforeDeployments(ofKind(newestFirst, 'pre-deploy'), policy.keep),
    ...goneDaily(ofKind(newestFirst, 'daily'), policy.daily.keepDays, now),
  ]
}

/** Unverified ones fill no place: ten broken backups push out no good one. */
function goneBeforeDeployments(newestFirst: readonly KnownBackup[], keep: number): string[] {
  const kept = newestFirst.filter(backup => backup.verified).slice(0, Math.max(1, keep))
  const oldestKept = kept.at(-1)
  if (oldestKept === undefined) return []
  return newestFirst
    .filter(backup => !kept.includes(backup) && backup.takenAt.getTime() <= oldestKept.takenAt.getTime())
    .map(backup => backup.name)
}

function goneDaily(newestFirst: readonly KnownBackup[], keepDays: number, now: Date): string[] {
  const newestVerified = newestFirst.find(backup => backup.verified)
  if (newestVerified === undefined) return []
  const today = Date.parse(`${now.toISOString().slice(0, 10)}T00:00:00.000Z`)
  const oldest = today - Math.max(0, keepDays) * dayMs
  return newestFirst
    .filter(backup => backup !== newestVerified && backup.takenAt.getTime() < oldest)
    .map(backup => backup.name)
}

function ofKind(backups: readonly KnownBackup[], kind: BackupKind): KnownBackup[] {
  return backups.filter(backup => backup.kind === kind)
}

const dayMs = 86_400_000
