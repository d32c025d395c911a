import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { laterOf, type AgreementKey, type Report } from '../../release/several/agreement.ts'
import { readIfPresent, writeAtomically } from '../../support/files.ts'
import { isAgreementKey } from './protocol.ts'
import { readReport } from './report.ts'

/**
 * What each follower has told the server that decides, on that server's disk: who answers there is another process than
 * the one that deploys. Of each only the deployment that it spoke of last is known.
 */
export interface Told {
  report: Report
  /** For how long nothing has come since. */
  silentMs: number
}

export async function keepReport(folder: string, server: string, key: AgreementKey, report: Report): Promise<void> {
  const file = fileOf(folder, server)
  const before = await readKept(file)
  const known = before?.key === key ? before.report : undefined
  const later = laterOf(known, report)
  const now = await moment()
  // What says nothing new is a sign of life, and these come four times a second.
  const isFresh = before !== undefined && now.boot === before.boot && Math.abs(now.at - before.at) < enoughMs
  if (isFresh && known !== undefined && JSON.stringify(known) === JSON.stringify(later)) return
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeAtomically(file, JSON.stringify({ key, report: later, ...now } satisfies Kept))
}

export async function toldBy(folder: string, server: string, key: AgreementKey): Promise<Told | undefined> {
  const kept = await readKept(fileOf(folder, server))
  if (kept === undefined || kept.key !== key) return undefined
  const now = await moment()
  // Before this start of the machine: nobody knows how long that is ago.
  const silentMs = now.boot === kept.boot ? Math.max(0, now.at - kept.at) : Number.POSITIVE_INFINITY
  return { report: kept.report, silentMs }
}

interface Kept extends Moment {
  key: AgreementKey
  report: Report
}

/** A clock that all processes of a machine share and nobody sets. */
interface Moment {
  boot: string
  at: number
}

async function moment(): Promise<Moment> {
  boot ??= (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  return { boot, at: Number(process.hrtime.bigint() / 1_000_000n) }
}

let boot: string | undefined
const enoughMs = 1000

const fileOf = (folder: string, server: string): string => join(folder, `${server}.json`)

/** What can not be read was not told: it will be told again. */
async function readKept(file: string): Promise<Kept | undefined> {
  const text = await readIfPresent(file)
  if (text === undefined) return undefined
  try {
    const { key, report: given, boot: of, at } = JSON.parse(text) as Partial<Record<keyof Kept, unknown>>
    const report = readReport(given)
    if (!isAgreementKey(key) || report === undefined || typeof of !== 'string' || typeof at !== 'number')
      return undefined
    return { key, report, boot: of, at }
  } catch {
    return undefined
  }
}
