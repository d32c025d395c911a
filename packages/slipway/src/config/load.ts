import { open, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { type Problem, SlipwayError } from '../support/errors.ts'
import { defaults } from './defaults.ts'
import { formProblems } from './issues.ts'
import { type LayeredSettings, layeredSettings } from './layers.ts'
import { migrationService } from './migration-service.ts'
import type { EnvironmentConfig } from './model.ts'
import { settingPlace } from './places.ts'
import { quoted } from './rules.ts'
import type { SlipwayFile } from './schema.ts'
import { environmentConfig } from './settings.ts'
import { nearestName } from './suggest.ts'
import { largestFile, type Path, readYaml, type YamlSource } from './yaml.ts'

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
    next: 'Go to the folder of your project, or make one with: slipway init',
  })
}

/** One environment of a slipway.yaml with every default filled in. Throws CONFIG_INVALID with every mistake at once. */
export async function loadConfig(file: string, environment: string): Promise<LoadedConfig> {
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
  const config = environmentConfig(settings, {
    file: source.file,
    directory,
    app: written.app,
    environment,
    composeFiles: await composeFiles(settings, directory, report),
    envFile: await envFile(settings, directory),
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

type Report = (path: Path, fault: Fault) => void

interface Fault {
  message: string
  mend: string
  severity?: Problem['severity']
  /** It stands at the top level, though the environment has the same setting. */
  ofTopLevel?: boolean
}

async function readConfig(file: string): Promise<{ source: YamlSource; written: SlipwayFile }> {
  const path = resolve(file)
  const source = readYaml(path, await bytesOf(path))
  if (source.problems.length === 0) source.problems.push(...formProblems(source))
  refuse(path, source.problems)
  return { source, written: source.value as SlipwayFile }
}

/** No more than the limit is ever read, whatever the file is. */
async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    if (!(await stat(file)).isFile()) throw new Error('it is not a regular file')
    const handle = await open(file)
    try {
      const buffer = new Uint8Array(largestFile + 1)
      let length = 0
      for (;;) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null)
        length += bytesRead
        if (bytesRead === 0 || length === buffer.length) return buffer.subarray(0, length)
      }
    } finally {
      await handle.close()
    }
  } catch (thrown) {
    throw new SlipwayError('CONFIG_NOT_FOUND', `Could not read ${file}.`, {
      why: thrown instanceof Error ? thrown.message : String(thrown),
      next: 'Name a slipway.yaml that exists, or make one with: slipway init',
    })
  }
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

async function composeFiles(settings: LayeredSettings, directory: string, report: Report): Promise<string[]> {
  const found: string[] = []
  const base = settings.compose ?? []
  if (base.length === 0) {
    const usual = await firstFile(defaults.composeFiles.map(name => join(directory, name)))
    if (usual !== undefined) found.push(usual)
  }
  for (const [index, written] of [...base, ...(settings.environmentCompose ?? [])].entries()) {
    const file = join(directory, written)
    found.push(file)
    // A branch may hold other files than the folder does now: readCompose looks there.
    const severity = settings.source === undefined ? 'error' : 'warning'
    if (!(await isFile(file))) {
      const ofTopLevel = index < base.length
      const at = ofTopLevel ? index : index - base.length
      const message = `there is no Compose file ${quoted(written)}`
      report(['compose', at], { severity, message, mend: `Looked for ${file}.`, ofTopLevel })
    }
  }
  if (found.length === 0) {
    const names = defaults.composeFiles.join(', ')
    report(['compose'], {
      message: `no Compose file: none of ${names} is beside slipway.yaml`,
      mend: 'Name it: `compose: [infra/docker-compose.yml]`.',
    })
  }
  return found
}

/** Files that are not there never change, and that would be taken for a proof that no migration is pending. */
async function reportMissingMigrations(
  config: EnvironmentConfig,
  settings: LayeredSettings,
  report: Report,
): Promise<void> {
  const severity = settings.source === undefined ? 'error' : 'warning'
  for (const [index, file] of (config.migrate?.files ?? []).entries()) {
    const there = await stat(file).catch(() => undefined)
    if (there !== undefined) continue
    const at = typeof settings.migrate?.files === 'string' ? [] : [index]
    const message = `the migrations ${quoted(relative(config.directory, file))} are not there`
    report(['migrate', 'files', ...at], { severity, message, mend: `Looked for ${file}.` })
  }
}

async function envFile(settings: LayeredSettings, directory: string): Promise<string | undefined> {
  if (settings.env_file !== undefined) return join(directory, settings.env_file)
  return firstFile([join(directory, defaults.envFile)])
}

async function firstFile(candidates: string[]): Promise<string | undefined> {
  for (const candidate of candidates) if (await isFile(candidate)) return candidate
  return undefined
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
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
