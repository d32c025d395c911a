import { join } from 'node:path'
import { type Problem, SlipwayError } from '../../support/errors.ts'
import { runGit } from '../../support/git.ts'
import { shownName } from '../names.ts'
import { type Allowance, isAllowed } from './allow.ts'
import { fileExposure } from './files.ts'
import { readLines } from './git-output.ts'
import { type KeptFile, readObjects } from './objects.ts'
import type { ScanOptions } from './repository.ts'
import { type Exposure, scanText } from './text.ts'
import { readText, trackedFiles } from './tracked.ts'

/**
 * Secrets in clear in what Git has ever kept of a folder: each version of its files, in every branch, tag and stash, also
 * of files that are gone. What stands in the folder now is told by `scanRepository`, and left out here. Throws
 * HISTORY_INCOMPLETE. Undefined: the folder is in no repository.
 */
export async function scanHistory(directory: string, options: ScanOptions = {}): Promise<HistoryReport | undefined> {
  const place = await runGit(directory, ['rev-parse', '--is-shallow-repository', '--show-prefix'])
  if (place.exitCode !== 0) return undefined
  const [shallow, prefix = ''] = place.stdout.split('\n')
  if (shallow === 'true') throw incomplete('the clone has only the newest commits')
  const found = new Map<string, Found>()
  const objects = await readObjects(directory, prefix, file => {
    for (const each of secretsOf(file, options)) found.set(each.key, each)
  })
  if (objects.missing > 0) throw incomplete('the clone was made without all of its files')
  const { problems, used } = await told(directory, await gone(directory, [...found.values()]), options.allow ?? [])
  return { commits: objects.commits, versions: objects.files, skipped: objects.tooLarge, problems, used }
}

export interface HistoryReport {
  commits: number
  /** How many files, each version counted. */
  versions: number
  /** How many were too large to be looked at. */
  skipped: number
  problems: Problem[]
  /** Allowances that allowed something. */
  used: ReadonlySet<Allowance>
}

/** One secret in one file. It is the same in all versions; the oldest is what is told of. */
interface Found extends Exposure {
  key: string
  path: string
  /** The object with that version. */
  object: string
  /** As it stands there; never shown. Absent: the file as a whole. */
  secret?: string
}

const mostShown = 200

function secretsOf({ path, object, text }: KeptFile, options: ScanOptions): Found[] {
  return [...fileExposure(path, text), ...scanText(path, text, options.known)].map(each => {
    const secret = each.from === undefined ? undefined : text.slice(each.from, each.to)
    const key = JSON.stringify([path, each.rule, secret])
    return { ...each, key, path, object, ...(secret === undefined ? {} : { secret }) }
  })
}

/** Without those that stand there now. */
async function gone(directory: string, found: readonly Found[]): Promise<Found[]> {
  const tracked = new Set(await trackedFiles(directory))
  const stands = await Promise.all(
    found.map(async ({ path, secret }) => {
      const now = tracked.has(path) ? await readText(join(directory, path)) : undefined
      if (now === undefined || now === 'too large') return false
      return secret === undefined ? fileExposure(path, now.content).length > 0 : now.content.includes(secret)
    }),
  )
  return found.filter((_each, index) => !stands[index]).toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

async function told(
  directory: string,
  found: readonly Found[],
  allow: readonly Allowance[],
): Promise<{ problems: Problem[]; used: Set<Allowance> }> {
  const used = new Set<Allowance>()
  if (found.length === 0) return { problems: [], used }
  const origins = await originsOf(directory, new Set(found.map(each => each.object)))
  const problems = found.flatMap((each): Problem[] => {
    const { commit, day } = origins.get(each.object) ?? { commit: '', day: '' }
    const allowance = isAllowed(allow, each.path, each.rule, commit)
    if (allowance !== undefined) used.add(allowance)
    return allowance === undefined ? [problemOf(directory, each, commit, day)] : []
  })
  return { problems: problems.slice(0, mostShown), used }
}

/** The first commit with each of the objects, and its day. */
async function originsOf(
  directory: string,
  objects: ReadonlySet<string>,
): Promise<Map<string, { commit: string; day: string }>> {
  const shape = ['--no-color', '--raw', '--no-abbrev', '--no-renames', '--format=commit %H %cs', '-m']
  const origins = new Map<string, { commit: string; day: string }>()
  let current = { commit: '', day: '' }
  await readLines(directory, ['log', '--all', '--full-history', ...shape, '--', '.'], line => {
    const [word = '', second = '', third = '', fourth = ''] = line.split(' ')
    if (word === 'commit') current = { commit: second, day: third }
    // Newest first: the last to be seen is where it came from.
    else if (word.startsWith(':') && objects.has(fourth)) origins.set(fourth, current)
  })
  return origins
}

function problemOf(directory: string, { path, rule, is, line, column }: Found, commit: string, day: string): Problem {
  const named = commit.slice(0, 12)
  const shown = JSON.stringify(shownName(path).slice(1, -1))
  return {
    severity: 'error',
    file: join(directory, path),
    line,
    column,
    path: rule,
    message: `in commit ${named} of ${day} is ${is} in clear, and whoever has a clone has it`,
    mend: `Make it worthless where it came from. Then say so in slipway.yaml: scan: { allow: [{ file: ${shown}, rule: ${rule}, commit: ${JSON.stringify(named)}, because: … }] }.`,
  }
}

function incomplete(why: string): SlipwayError {
  return new SlipwayError('HISTORY_INCOMPLETE', 'The history of the repository is not all there', {
    why,
    state: 'nothing was changed, and no verdict can be given',
    next: 'Get all of it: git fetch --unshallow, or with GitHub Actions `fetch-depth: 0` for actions/checkout',
  })
}
