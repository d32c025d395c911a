import { isAbsolute, join, relative } from 'node:path'
import { parse } from 'yaml'
import { SlipwayError } from '../support/errors.ts'
import { run } from '../support/run.ts'
import { composeFailure, missingVariables } from './compose-failure.ts'
import type { ComposeDocument } from './document.ts'
import { readComposeSources } from './locate.ts'
import type { EnvironmentConfig } from './model.ts'

/**
 * The Compose files of an environment as Docker Compose itself resolves them: layered, variables filled in, paths
 * absolute, networks and volumes named. It holds secrets in clear: it must never be printed.
 */
export async function readCompose(config: EnvironmentConfig, options: ComposeOptions = {}): Promise<ResolvedCompose> {
  const directory = options.directory ?? config.directory
  const files = [...config.composeFiles.map(file => movedTo(config, directory, file)), ...(options.overrideFiles ?? [])]
  await refuseHazards(files)
  const result = await run('docker', composeArgv(config, files), {
    directory,
    // As variables of the program: what is in them is in no argument and in no file.
    environment: { ...options.variables, ...composeEnvironment(config, directory) },
    timeoutMs: options.timeoutMs ?? usualTimeLimitMs,
  })
  if (result.exitCode !== 0) throw await composeFailure(config, files, result, options.variables)
  return resolved(printed(result.stdout), missingVariables(result.stderr))
}

export interface ComposeOptions {
  /** Another copy of the project's folder, such as a release's checkout; the Compose files are taken from there. */
  directory?: string
  /** Laid over the Compose files of the environment; absolute paths. */
  overrideFiles?: readonly string[]
  /** What Compose fills in, before the env file and the caller's own environment: decrypted secrets. */
  variables?: Readonly<Record<string, string>>
  timeoutMs?: number
}

/** `missingVariables` is not enumerable: a document that is written out again does not have it. */
export interface ResolvedCompose extends ComposeDocument {
  /** Variables that are not set; Compose put a blank in their place. */
  readonly missingVariables: string[]
}

/** The arguments for `docker`. YAML, because the JSON form loses `x-` fields; normalised, so that volumes keep their names whatever project runs them. */
export function composeArgv(config: EnvironmentConfig, files: readonly string[]): string[] {
  const environmentFile = config.envFile === undefined ? [] : ['--env-file', config.envFile]
  const composeFiles = files.flatMap(file => ['--file', file])
  return [
    'compose',
    '--project-name',
    config.project,
    ...environmentFile,
    ...composeFiles,
    'config',
    '--format',
    'yaml',
  ]
}

/** What the caller's shell says for its own Compose projects must not leak into this one. COMPOSE_PROFILES is kept. */
function composeEnvironment(config: EnvironmentConfig, directory: string): Record<string, string> {
  return {
    COMPOSE_FILE: '',
    COMPOSE_ENV_FILES: '',
    COMPOSE_DISABLE_ENV_FILE: 'false',
    COMPOSE_PROJECT_NAME: config.project,
    // Compose fills in ${PWD} from here.
    PWD: directory,
  }
}

/** Enough for a file of thousands of services; a document that expands without end is ended. */
const usualTimeLimitMs = 30_000

function movedTo(config: EnvironmentConfig, directory: string, file: string): string {
  const inside = relative(config.directory, file)
  return inside.startsWith('..') || isAbsolute(inside) ? file : join(directory, inside)
}

/** Compose itself has no guard against a few lines of aliases that expand to gigabytes. */
async function refuseHazards(files: readonly string[]): Promise<void> {
  const problems = (await readComposeSources(files))
    .filter(source => source.hazardous)
    .flatMap(source => source.problems)
  if (problems.length === 0) return
  throw new SlipwayError('COMPOSE_INVALID', 'A Compose file is no configuration.', {
    problems,
    state: 'Nothing was changed.',
    next: 'Mend the file and run: slipway check',
  })
}

function printed(stdout: string): unknown {
  try {
    return parse(stdout, { uniqueKeys: false, logLevel: 'error' })
  } catch (thrown) {
    throw new SlipwayError('COMPOSE_INVALID', 'Docker Compose printed something that is not YAML.', {
      state: 'Nothing was changed.',
      next: 'See whether `docker compose version` answers as usual.',
      cause: thrown instanceof Error ? thrown.name : undefined, // its message would quote the document, secrets and all
    })
  }
}

/** What services share (`x-app: &app`) is in each of them by now. Kept, it would keep secrets in clear, and look like a change. */
function isOwn([field]: [string, unknown]): boolean {
  return !field.startsWith('x-')
}

function resolved(value: unknown, missing: string[]): ResolvedCompose {
  const fields = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  const document: ComposeDocument = { services: {}, ...Object.fromEntries(Object.entries(fields).filter(isOwn)) }
  const services = Object.entries(document.services ?? {})
  document.services = Object.fromEntries(services.map(([name, service]) => [name, service ?? {}]))
  return Object.defineProperty(document, 'missingVariables', { value: missing }) as ResolvedCompose
}
