import { dirname, join, resolve } from 'node:path'
import { type Problem, SlipwayError } from '../support/errors.ts'
import { defaults } from './defaults.ts'
import { formProblems } from './issues.ts'
import { type LayeredSettings, layeredSettings } from './layers.ts'
import { migrationService } from './migration-service.ts'
import type { EnvironmentConfig, ServerConfig } from './model.ts'
import { placementOf, unknownServer } from './placement.ts'
import { settingPlace } from './places.ts'
import { composeFiles, envFile, isFile, type Report, reportMissingMigrations } from './project-files.ts'
import { readLimited } from './read-limited.ts'
import { quoted } from './rules.ts'
import type { SlipwayFile } from './schema.ts'
import { serverConfigs } from './servers.ts'
import { environmentConfig } from './settings.ts'
import { nearestName } from './suggest.ts'
import { readYaml } from './yaml.ts'
import type { YamlSource } from './yaml-source.ts'

export const configName = 'slipway.yaml'

/** The slipway.yaml of this directory or of the nearest one above it. */
export async function findConfig(from: string): Promise<string> {
  let directory = resolve(from)
  for (;;) {
    const candidate = join(directory, configName)
    if (await isFile(candidate)) return candidate
    const parent = dirname(directory)
    if (parent === directory) break
    directory = parent
  }
  throw new SlipwayError('CONFIG_NOT_FOUND', `No ${configName} in ${resolve(from)} or above it.`, {
    next: 'Go to the folder of your project, or write one there. The shortest names the app and an environment: app: shop, and environments: { prod: {} }',
  })
}

/**
 * One environment of a slipway.yaml with every default filled in. Throws CONFIG_INVALID with every mistake at once.
 * `lasting`: where relative paths of what must outlast the code start, when that is not the folder of the file.
 */
export async function loadConfig(file: string, environment: string, lasting?: string): Promise<LoadedConfig> {
  const { source, written } = await readConfig(file)
  const known = environmentNames(written)
  if (!known.includes(environment)) throw unknownEnvironment(source.file, environment, known)

  const settings = layeredSettings(written, environment)
  const directory = dirname(source.file)
  const problems: Problem[] = []
  const report: Report = (path, fault) => {
    const place = settingPlace(source, fault.ofTopLevel === true ? undefined : environment, path)
    problems.push({
      severity: fault.severity ?? 'error',
      file: source.file,
      ...place,
      message: fault.message,
      mend: fault.mend,
    })
  }
  checkTogether(settings, report)
  checkGit(settings, report)
  const servers = serverConfigs(written.servers, directory)
  const server = servers.find(({ name }) => name === settings.server)
  const isElsewhere = settings.server !== undefined && settings.server !== 'local'
  if (isElsewhere && server === undefined) report(['server'], unknownServer(settings.server ?? '', servers))
  const config = environmentConfig(settings, {
    file: source.file,
    directory,
    lasting: lasting ?? directory,
    app: written.app,
    environment,
    composeFiles: await composeFiles(settings, directory, report),
    envFile: await envFile(settings, directory),
    server,
    placement: placementOf(settings, servers, report),
    scan: written.scan,
  })
  await reportMissingMigrations(config, settings, report)
  if (config.migrate?.service === '') {
    const found = await migrationService(config)
    if (found.service === undefined) report(['migrate'], found)
    else config.migrate.service = found.service
  }
  refuse(source.file, problems)
  return { config, problems, source }
}

export interface LoadedConfig {
  config: EnvironmentConfig
  /** Warnings only: errors are thrown. */
  problems: Problem[]
  /** The file with the place of everything in it. */
  source: YamlSource
}

/** The environments of a slipway.yaml, in its order. */
export async function listEnvironments(file: string): Promise<string[]> {
  return environmentNames((await readConfig(file)).written)
}

/** What slipway.yaml says of servers. Says nothing of Compose files: a server is set up before there are any. */
export async function loadServers(file: string): Promise<LoadedServers> {
  const { source, written } = await readConfig(file)
  const directory = dirname(source.file)
  return {
    file: source.file,
    directory,
    app: written.app,
    servers: serverConfigs(written.servers, directory),
    environments: environmentNames(written).map(name => {
      const { server, servers, source } = layeredSettings(written, name)
      const repository = source?.git.repository
      return {
        name,
        servers: servers === undefined ? [server ?? 'local'] : Object.keys(servers),
        ...(repository === undefined ? {} : { repository }),
      }
    }),
  }
}

export interface LoadedServers {
  file: string
  directory: string
  app: string
  servers: ServerConfig[]
  environments: {
    name: string
    /** Their names; `local` is this machine. */
    servers: string[]
    repository?: string
  }[]
}

async function readConfig(file: string): Promise<{ source: YamlSource; written: SlipwayFile }> {
  const path = resolve(file)
  const source = readYaml(path, await readLimited(path))
  if (source.problems.length === 0) source.problems.push(...formProblems(source))
  refuse(path, source.problems)
  return { source, written: source.value as SlipwayFile }
}

function environmentNames(written: SlipwayFile): string[] {
  const names = Object.keys(written.environments ?? {})
  return names.length === 0 ? [defaults.environment] : names
}

function unknownEnvironment(file: string, environment: string, known: string[]): SlipwayError {
  const near = nearestName(environment, known)
  return new SlipwayError('ENVIRONMENT_UNKNOWN', `${file} has no environment ${quoted(environment)}.`, {
    why: `It has: ${known.join(', ')}.`,
    next: near === undefined ? 'Name one of these.' : `Did you mean ${near}?`,
  })
}

/** What can be told only after the environment was laid over the top level. */
function checkTogether(settings: LayeredSettings, report: Report): void {
  const { edge, migrate } = settings
  if (edge?.listen !== undefined && edge.domain !== undefined) {
    report(['edge', 'listen'], {
      message: '`edge` has both `listen` and `domain`',
      mend: "Keep `domain` for automatic certificates, or `listen` when TLS is somebody else's.",
    })
  }
  if (edge !== undefined && edge.listen === undefined && edge.domain === undefined) {
    report(['edge'], {
      message: '`edge` says neither `listen` nor `domain`',
      mend: 'For example: `domain: app.example.com`.',
    })
  }
  if (migrate !== undefined && migrate.command === undefined) {
    report(['migrate'], { message: '`migrate` has no `command`', mend: 'For example: `command: npm run migrate`.' })
  }
  if (settings.backups !== undefined && settings.database === undefined) {
    report(['backups'], {
      severity: 'warning',
      message: '`backups` without `database`: nothing is backed up',
      mend: 'Name the PostgreSQL service: `database: db`.',
    })
  }
}

function checkGit({ source, server, servers }: LayeredSettings, report: Report): void {
  const isElsewhere = servers !== undefined || (server !== undefined && server !== 'local')
  const { repository, token, remote } = source?.git ?? {}
  const at = (name: string, message: string, mend: string): void => report(['source', 'git', name], { message, mend })
  if (source !== undefined && repository === undefined && isElsewhere) {
    at(
      'repository',
      '`source.git` of an environment with a server has no `repository`',
      'Add the address from which the server fetches: `repository: git@github.com:acme/shop.git`. Without `source`, the folder is sent there.',
    )
  }
  if (repository !== undefined && remote !== undefined) {
    at('remote', '`source.git` has both `remote` and `repository`', 'Keep one: a remote of this clone, or an address.')
  }
  if (token !== undefined && !(repository ?? '').startsWith('https://')) {
    at(
      'token',
      '`source.git.token` is for a `repository` of https',
      'Leave it out: over SSH the server has a key of its own, and here your own counts.',
    )
  }
}

function refuse(file: string, problems: readonly Problem[]): void {
  const errors = problems.filter(problem => problem.severity === 'error')
  if (errors.length === 0) return
  const mistakes = errors.length === 1 ? 'a mistake' : `${errors.length} mistakes`
  throw new SlipwayError('CONFIG_INVALID', `${file} has ${mistakes}.`, {
    problems,
    state: 'Nothing was changed.',
    next: 'Mend what is listed and run: slipway check',
  })
}
