import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import type { ComposeDocument, ComposeFile } from '../config/document.ts'
import { escaped } from '../config/dollars.ts'
import { SlipwayError } from '../support/errors.ts'
import { readIfPresent } from '../support/files.ts'

/**
 * Secrets and configs that Compose would take from a variable when a container starts become files of the release:
 * later, or started by somebody else, the variable has another value or none.
 */
export async function keepValues(
  document: ComposeDocument,
  variables: Readonly<Record<string, string | undefined>>,
  release: string,
): Promise<{ document: ComposeDocument; folder: string | undefined }> {
  if (!takesVariables(document.secrets) && !takesVariables(document.configs)) return { document, folder: undefined }
  const folder = await mkdtemp(join(release, 'variables-'))
  const secrets = await keepSection(document.secrets)
  const configs = await keepSection(document.configs)
  return {
    folder,
    document: {
      ...document,
      ...(secrets === undefined ? {} : { secrets }),
      ...(configs === undefined ? {} : { configs }),
    },
  }

  async function keepSection(section: ComposeDocument['secrets']): Promise<ComposeDocument['secrets']> {
    if (section === undefined) return undefined
    const kept: Record<string, ComposeFile> = {}
    for (const [key, entry] of Object.entries(section)) {
      const { environment, ...rest } = entry
      kept[key] = environment === undefined ? entry : { ...rest, file: escaped(await keep(environment)) }
    }
    return kept
  }

  async function keep(name: string): Promise<string> {
    const value = variables[name]
    if (value === undefined) throw missing(name)
    const file = join(await mkdtemp(join(folder, 'value-')), 'value')
    await writeFile(file, value, { mode: 0o600 })
    // As Compose makes it: the container's user, whoever that is, may read it. The release's folder keeps others out.
    await chmod(file, 0o444)
    return file
  }
}

/** What Compose would see: the environment of this process, and what it lacks from the environment's own file. */
export async function visibleVariables(file: string): Promise<Record<string, string | undefined>> {
  return { ...parseEnv((await readIfPresent(file)) ?? ''), ...process.env }
}

function takesVariables(section: ComposeDocument['secrets']): boolean {
  return Object.values(section ?? {}).some(entry => entry.environment !== undefined)
}

function missing(name: string): SlipwayError {
  return new SlipwayError('SECRET_MISSING', `The variable ${name} is not set`, {
    why: 'the Compose files take the value of a secret or config from it',
    state: 'nothing that runs was touched',
    next: 'Set it, or write it into the env file of the environment, and deploy again.',
  })
}
