import { join } from 'node:path'
import type { Problem } from '../../support/errors.ts'
import { shownName } from '../names.ts'
import { type Allowance, isAllowed } from './allow.ts'
import { fileExposure } from './files.ts'
import { type KnownSecret, scanText } from './text.ts'
import { readText, trackedFiles } from './tracked.ts'

/**
 * Secrets in clear in what Git keeps of a folder: everything tracked in it, as it lies there now. Undefined: the folder
 * is in no repository.
 */
export async function scanRepository(directory: string, options: ScanOptions = {}): Promise<ScanReport | undefined> {
  const tracked = await trackedFiles(directory)
  if (tracked === undefined) return undefined
  if ('refused' in tracked) return { ...nothing, refused: tracked.refused }
  const problems: Problem[] = []
  const skipped: string[] = []
  const used = new Set<Allowance>()
  for (const path of tracked.paths) {
    const text = await readText(join(directory, path))
    if (text === 'too large') skipped.push(path)
    if (text === undefined || text === 'too large') continue
    const { content, isText } = text
    const found = [...fileExposure(path, content), ...(isText ? scanText(path, content, options.known) : [])]
    for (const { rule, is, line, column } of found.slice(0, mostOfFile)) {
      const allowance = isAllowed(options.allow ?? [], path, rule)
      if (allowance !== undefined) used.add(allowance)
      else problems.push(problemAt(join(directory, path), path, rule, is, line, column))
    }
  }
  return {
    files: tracked.paths.length,
    problems: problems.slice(0, mostShown),
    skipped,
    unused: (options.allow ?? []).filter(each => !used.has(each)),
  }
}

export interface ScanOptions {
  /** Values in clear, when a key is at hand: they must stand nowhere else. */
  known?: readonly KnownSecret[]
  allow?: readonly Allowance[]
}

export interface ScanReport {
  files: number
  problems: Problem[]
  /** Too large to be looked at. */
  skipped: string[]
  /** Allowances that allowed nothing. */
  unused: Allowance[]
  /** Nothing was looked at, because Git does not read this repository: why. */
  refused?: string
}

const nothing = { files: 0, problems: [], skipped: [], unused: [] }

const mostShown = 200
const mostOfFile = 20

function problemAt(file: string, path: string, rule: string, is: string, line: number, column: number): Problem {
  return {
    severity: 'error',
    file,
    line,
    column,
    path: rule,
    message: `here is ${is} in clear, and Git keeps it`,
    mend: `Make it worthless where it came from, take it out, and keep the new one with \`slipway secrets set\`. Not a secret? In slipway.yaml: scan: { allow: [{ file: ${JSON.stringify(shownPath(path))}, rule: ${rule}, because: … }] }.`,
  }
}

function shownPath(path: string): string {
  return shownName(path).slice(1, -1)
}
