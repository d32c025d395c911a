import type { BackupFile } from '../release/ports.ts'
import type { DumpFormat } from '../postgres/dump-file.ts'

export type BackupKind = BackupFile['kind']

/** `pre-deploy-20260131-174503.sql`, `daily-2026-01-31.dump`: always UTC, so that no hour comes twice. */
export function backupName(kind: BackupKind, takenAt: Date, format: DumpFormat): string {
  const [date = '', time = ''] = takenAt.toISOString().split('T')
  const stamp = kind === 'daily' ? date : `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`
  return `${kind}-${stamp}${format === 'plain' ? '.sql' : '.dump'}`
}

/** What a name says; undefined: Slipway did not give this name, and so never touches the file. */
export function parseBackupName(name: string): { kind: BackupKind; takenAt: Date } | undefined {
  const [, kind, date, stamp] =
    /^(?:(daily)-(\d{4}-\d\d-\d\d)|pre-deploy-(\d{8}-\d{6}))\.(?:sql|dump)$/.exec(name) ?? []
  if (kind === 'daily' && date !== undefined) return dated('daily', `${date}T00:00:00.000Z`)
  const digits = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(stamp ?? '')
  if (digits === null) return undefined
  const [, year, month, day, hour, minute, second] = digits
  return dated('pre-deploy', `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`)
}

/** The 31st of February is nobody's date. */
function dated(kind: BackupKind, iso: string): { kind: BackupKind; takenAt: Date } | undefined {
  const takenAt = new Date(iso)
  return !Number.isNaN(takenAt.getTime()) && takenAt.toISOString() === iso ? { kind, takenAt } : undefined
}

/** Whether the folder can be written to shows by a file without content, which is there for a moment. */
export function trialName(): string {
  return `.slipway-${process.pid}.partial`
}

export function isTrial(name: string): boolean {
  return /^\.slipway-\d+\.partial$/.test(name)
}
