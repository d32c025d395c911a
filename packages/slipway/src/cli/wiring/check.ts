import { dirname, resolve } from 'node:path'
import { checkEnvironment, type CheckedEnvironment } from '../../config/check-environment.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { findConfig, listEnvironments } from '../../config/load.ts'
import { type HistoryReport, scanHistory } from '../../secrets/scan/history.ts'
import { scanRepository, type ScanReport } from '../../secrets/scan/repository.ts'
import type { CheckConfiguration, CheckReport } from '../application.ts'
import { SlipwayError, type Problem } from '../../support/errors.ts'
import { knownSecrets, lookAtSecrets, type SecretsSeen, secretProblems, sameInSeveral } from './check-secrets.ts'

/** Checks one environment, or all of them, and what Git keeps, and reports every mistake at once. */
export const checkConfiguration: CheckConfiguration = async (configFile, environment, options) => {
  const file = configFile === undefined ? await findConfig(process.cwd()) : resolve(configFile)
  const names = environment === undefined ? await listEnvironments(file) : [environment]
  const checked: CheckedEnvironment[] = []
  const seen: SecretsSeen[] = []
  for (const name of names) {
    const each = await checkEnvironment(file, name, async config => {
      const secrets = await lookAtSecrets(config)
      seen.push(secrets)
      return secrets.variables
    })
    checked.push(each)
  }
  const ofSecrets = (await Promise.all(seen.map(secretProblems))).flat()
  const problems = [...checked.flatMap(each => each.problems), ...ofSecrets, ...sameInSeveral(seen)]
  const scan = await scanOf(dirname(file), checked, seen, options.history)
  refuse(file, unique(problems), scan)
  const environments = checked.map(({ config, services }): CheckReport['environments'][number] => ({
    name: config.environment,
    project: config.project,
    production: config.production,
    services: services.map(({ name, role }) => ({ name, role, ...serversOf(name, config) })),
  }))
  return {
    file,
    app: checked[0]?.config.app ?? '',
    environments,
    warnings: unique([...problems, ...notSearched(dirname(file), scan), ...unusedAllowances(file, scan)]),
    ...(scan === undefined || scan.now.refused !== undefined ? {} : { scanned: scannedOf(scan) }),
  }
}

function serversOf(service: string, { placement }: EnvironmentConfig): { servers?: string[] } {
  const servers = placement?.servers.filter(each => each.services.includes(service)).map(each => each.name) ?? []
  return servers.length === 0 ? {} : { servers }
}

interface Scan {
  now: ScanReport
  history?: HistoryReport
}

/** Undefined: the project is in no Git repository. */
async function scanOf(
  directory: string,
  checked: readonly CheckedEnvironment[],
  seen: readonly SecretsSeen[],
  withHistory: boolean,
): Promise<Scan | undefined> {
  const options = { allow: checked[0]?.config.scan.allow ?? [], known: seen.flatMap(knownSecrets) }
  const now = await scanRepository(directory, options)
  const history = withHistory ? await scanHistory(directory, options) : undefined
  return now === undefined ? undefined : { now, ...(history === undefined ? {} : { history }) }
}

function scannedOf({ now, history }: Scan): NonNullable<CheckReport['scanned']> {
  const { files, skipped } = now
  if (history === undefined) return { files, skipped }
  const { commits, versions, tooLarge } = history
  return { files, skipped, history: { commits, versions, tooLarge } }
}

function refuse(file: string, problems: readonly Problem[], scan: Scan | undefined): void {
  const exposed = [...(scan?.now.problems ?? []), ...(scan?.history?.problems ?? [])]
  const mistaken = problems.some(problem => problem.severity === 'error')
  if (!mistaken && exposed.length === 0) return
  const state = 'nothing was changed'
  if (mistaken) {
    throw new SlipwayError('CONFIG_INVALID', `${file} or its Compose files have mistakes`, {
      problems: [...problems, ...exposed],
      state,
      next: 'Mend what is listed and run: slipway check',
    })
  }
  throw new SlipwayError('SECRET_EXPOSED', 'Secrets stand in clear in what Git keeps', {
    problems: exposed,
    state,
    next: `Make each worthless where it came from first: who has a clone has it. Then take it out and run: slipway check${scan?.history === undefined ? '' : ' --history'}`,
  })
}

function notSearched(directory: string, scan: Scan | undefined): Problem[] {
  if (scan?.now.refused === undefined) return []
  const message = `Git does not say what it keeps here, so no secrets were searched for: ${scan.now.refused}`
  const mend = `Run it as the owner of the clone, or trust it: git config --global --add safe.directory ${directory}`
  return [{ severity: 'warning', file: directory, line: 0, column: 0, path: 'scan', message, mend }]
}

/** What was allowed once and is gone would hide what comes there next. */
function unusedAllowances(file: string, scan: Scan | undefined): Problem[] {
  const unused = (scan?.now.unused ?? []).filter(each => {
    // Values are only searched for where a key is at hand, and commits where that is asked for.
    if (each.rule === 'known-secret' || (each.commit !== undefined && scan?.history === undefined)) return false
    return scan?.history?.used.has(each) !== true
  })
  return unused.map(each => ({
    severity: 'warning',
    file,
    line: 0,
    column: 0,
    path: 'scan.allow',
    message: `nothing is found any more in ${each.file}${each.rule === undefined ? '' : ` by ${each.rule}`}`,
    mend: 'Take it out of scan.allow; what it allowed in the past is allowed with `commit`.',
  }))
}

/** Environments share files: the same mistake is told once. */
function unique(problems: readonly Problem[]): Problem[] {
  return [
    ...new Map(
      problems.map(problem => [JSON.stringify([problem.file, problem.line, problem.column, problem.message]), problem]),
    ).values(),
  ]
}
