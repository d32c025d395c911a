import { readFile, stat } from 'node:fs/promises'
import { SlipwayError } from '../support/errors.ts'
import { carriesPassword, looksSecret } from '../secrets/secret-names.ts'
import { lastLines, type RunResult } from '../support/run.ts'
import type { EnvironmentConfig } from './model.ts'

/** What it means that `docker compose config` failed, in Compose's own words but without secret values. */
export async function composeFailure(
  config: EnvironmentConfig,
  files: readonly string[],
  result: RunResult,
  variables: Readonly<Record<string, string>> = {},
): Promise<SlipwayError> {
  const attempted = `Docker Compose could not resolve the Compose files of ${config.environment}.`
  const nothingChanged = 'Nothing was changed.'
  const absent = await firstAbsent(files)
  if (absent !== undefined) {
    return new SlipwayError('COMPOSE_INVALID', attempted, {
      why: `There is no file ${absent}.`,
      state: nothingChanged,
      next: `Correct \`compose\` in ${config.file}, or bring the file.`,
    })
  }
  if (config.envFile !== undefined && (await firstAbsent([config.envFile])) !== undefined) {
    return new SlipwayError('SECRET_MISSING', attempted, {
      why: `There is no file ${config.envFile}.`,
      state: nothingChanged,
      next: `Create ${config.envFile} with the variables of ${config.environment} (mode 600), or correct \`env_file\`.`,
    })
  }
  if (result.timedOut) {
    return new SlipwayError('COMPOSE_INVALID', attempted, {
      why: 'It did not end in time.',
      state: nothingChanged,
      next: 'Look for an `include` of something far away, or for aliases that expand without end.',
    })
  }
  if (noCompose.test(result.stderr) || result.exitCode === 127) {
    return new SlipwayError('ENGINE_UNAVAILABLE', attempted, {
      why: 'Docker with the Compose plugin (v2) is not installed here.',
      state: nothingChanged,
      next: 'Install Docker Engine with the Compose plugin: https://docs.docker.com/engine/install/',
    })
  }
  const words = await withoutSecrets(result.stderr, config, variables)
  const required = requiredVariables(words)
  if (required.length > 0) {
    const name = required.join(', ')
    return new SlipwayError('SECRET_MISSING', attempted, {
      why: `The Compose files require ${name}, which ${required.length === 1 ? 'is' : 'are'} not set.`,
      state: nothingChanged,
      next: `slipway secrets set ${config.environment} ${required[0] ?? ''}, or set ${name} in ${config.envFile ?? `.env beside ${config.file}`}.`,
      output: withoutWarnings(words),
    })
  }
  return new SlipwayError('COMPOSE_INVALID', attempted, {
    why: withoutWarnings(words).at(-1) ?? `docker compose exited with ${result.exitCode} and said nothing.`,
    state: nothingChanged,
    next: 'Mend the Compose file and run: slipway check',
    output: withoutWarnings(words),
  })
}

/** The variables that Compose warned about, once each. */
export function missingVariables(stderr: string): string[] {
  const names = stderr.matchAll(/The \\?"([^"\\]+)\\?" variable is not set\. Defaulting to a blank string/g)
  return [...new Set([...names].map(match => match[1] ?? ''))].sort()
}

function requiredVariables(stderr: string): string[] {
  const names = stderr.matchAll(/required variable ([A-Za-z_][A-Za-z0-9_]*) is missing a value/g)
  return [...new Set([...names].map(match => match[1] ?? ''))].sort()
}

const noCompose = /is not a docker command|unknown command: docker compose|unknown flag: --project-name/

function withoutWarnings(stderr: string): string[] {
  return lastLines(stderr, 200)
    .filter(line => !/level=warning/.test(line))
    .slice(-12)
}

/** Compose quotes the value it can not use, and a line of an env file that it can not read. */
async function withoutSecrets(
  stderr: string,
  config: EnvironmentConfig,
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  let words = stderr.replaceAll(
    /(failed to read [^\n]*?: line \d+):[^\n]*(\n(?!time=)[^\n]*)*/g,
    '$1: not of the form NAME=value',
  )
  for (const [name, value] of await knownSecrets(config, variables)) words = words.replaceAll(value, `[${name}]`)
  return words
}

async function knownSecrets(
  config: EnvironmentConfig,
  variables: Readonly<Record<string, string>>,
): Promise<[name: string, value: string][]> {
  const lines = config.envFile === undefined ? [] : (await textOf(config.envFile)).split(/\r?\n/)
  const written = lines.flatMap((line): [string, string][] => {
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*[=:]\s*(.*?)\s*$/.exec(line)
    return match?.[1] === undefined ? [] : [[match[1], (match[2] ?? '').replace(/^(["'])(.*)\1$/, '$2')]]
  })
  const inherited = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  )
  const guessed = [...written, ...inherited].filter(([name, value]) => looksSecret(name) || carriesPassword(value))
  return [...guessed, ...Object.entries(variables)]
    .filter(([, value]) => value.length >= 4)
    .sort(([, one], [, other]) => other.length - one.length)
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '')
}

async function firstAbsent(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const there = await stat(file).then(
      found => found.isFile(),
      () => false,
    )
    if (!there) return file
  }
  return undefined
}
