import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Problem, SlipwayError } from '../../support/errors.ts'
import { runGit } from '../../support/git.ts'
import { shownName } from '../names.ts'
import { type Allowance, isAllowed } from './allow.ts'
import { fileExposure } from './files.ts'
import { noVerdict } from './git-output.ts'
import type { ScanOptions } from './repository.ts'
import { type Exposure, type KnownSecret, scanText } from './text.ts'
import { type DecodedFile, decode, readText, trackedFiles } from './tracked.ts'
import { readVersions, type Version } from './versions.ts'

/**
 * Secrets in clear in what Git has ever kept of a folder: each version of its files, in every branch and tag, also of
 * files that are gone. What stands in the folder now is told by `scanRepository`, and left out here. Throws
 * HISTORY_INCOMPLETE.
 */
export async function scanHistory(directory: string, options: ScanOptions = {}): Promise<HistoryReport> {
  const prefix = await placeInHistory(directory)
  const found = new Map<string, Found>()
  const { missing, ...counts } = await readVersions(directory, prefix, (version, content) => {
    for (const each of exposures(version.path, decode(content), options.known)) {
      // The same in many versions is told of once, where it came from.
      if ((found.get(each.key)?.age ?? -1) < version.age) found.set(each.key, { ...each, ...version })
    }
  })
  if (missing > 0) throw incomplete('files of some commits are missing', 'Run it in a new clone, made without --filter')
  const { problems, used } = told(directory, await gone(directory, [...found.values()], options), options.allow ?? [])
  return { ...counts, problems, used }
}

export interface HistoryReport {
  commits: number
  /** How many files were looked at, each version counted. */
  versions: number
  /** How many were not, because they are too large. */
  tooLarge: number
  problems: Problem[]
  /** Allowances that allowed something. */
  used: ReadonlySet<Allowance>
}

interface Identified extends Exposure {
  /** Equal for the same secret in the same file; says nothing of it. */
  key: string
}

type Found = Identified & Version

const mostShown = 200

async function placeInHistory(directory: string): Promise<string> {
  const place = await runGit(directory, ['rev-parse', '--is-shallow-repository', '--show-prefix'])
  if (place.exitCode !== 0) throw incomplete(place.stderr.trim(), 'Run it in a clone that is yours')
  const [, shallow, prefix = ''] = /^(\w+)\n([^]*)\n$/.exec(place.stdout) ?? []
  if (shallow !== 'true') return prefix
  const next = 'Get all of it: git fetch --unshallow, or with GitHub Actions `fetch-depth: 0` for actions/checkout'
  throw incomplete('the clone has only the newest commits', next)
}

function exposures(path: string, { content, isText }: DecodedFile, known: readonly KnownSecret[] = []): Identified[] {
  const found = [...fileExposure(path, content), ...(isText ? scanText(path, content, known) : [])]
  return found.map(each => {
    const identity = JSON.stringify([path, each.rule, secretOf(content, each)])
    return { ...each, key: createHash('sha256').update(identity).digest('hex') }
  })
}

/** Of a key its head is found: what makes it a key of its own is what comes next. */
function secretOf(text: string, { from, to }: Exposure): string {
  if (from === undefined || to === undefined) return text
  return text.slice(from, /^(-----BEGIN|PuTTY)/.test(text.slice(from, from + 10)) ? to + 400 : to)
}

/** Without those that stand there now. */
async function gone(directory: string, found: readonly Found[], { known }: ScanOptions): Promise<Found[]> {
  const listed = await trackedFiles(directory)
  const tracked = new Set(listed !== undefined && 'paths' in listed ? listed.paths : [])
  const now = new Map<string, ReadonlySet<string>>()
  for (const path of new Set(found.map(each => each.path))) {
    const text = tracked.has(path) ? await readText(join(directory, path)) : undefined
    if (text === undefined || text === 'too large') continue
    // A file that is told of as a whole is told of with all its versions.
    now.set(path, new Set(exposures(path, text, known).flatMap(each => [each.key, ofWhole(each)])))
  }
  return found
    .filter(each => now.get(each.path)?.has(each.key) !== true && now.get(each.path)?.has(ofWhole(each)) !== true)
    .toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : b.age - a.age))
}

const ofWhole = ({ rule, from, key }: Identified) => (from === undefined ? rule : key)

function told(
  directory: string,
  found: readonly Found[],
  allow: readonly Allowance[],
): { problems: Problem[]; used: Set<Allowance> } {
  const used = new Set<Allowance>()
  const problems = found.flatMap((each): Problem[] => {
    const allowance = isAllowed(allow, each.path, each.rule, each.commit)
    if (allowance !== undefined) used.add(allowance)
    return allowance === undefined ? [problemOf(directory, each)] : []
  })
  return { problems: problems.slice(0, mostShown), used }
}

function problemOf(directory: string, { path, rule, is, line, column, commit, day }: Found): Problem {
  const named = commit.slice(0, 12)
  const file = JSON.stringify(/^[\w./@+-]+$/.test(path) ? path : shownName(path).slice(1, -1))
  return {
    severity: 'error',
    file: join(directory, path),
    line,
    column,
    path: rule,
    message: `in commit ${named} of ${day} is ${is} in clear, and whoever has a clone has it`,
    mend: `Make it worthless where it came from. Then say so in slipway.yaml: scan: { allow: [{ file: ${file}, rule: ${rule}, commit: "${named}", because: … }] }.`,
  }
}

function incomplete(why: string, next: string): SlipwayError {
  return noVerdict('The history of the folder is not all there', why, next)
}
