import { stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Problem } from '../support/errors.ts'
import { defaults } from './defaults.ts'
import type { LayeredSettings } from './layers.ts'
import type { EnvironmentConfig } from './model.ts'
import { quoted } from './rules.ts'
import type { Path } from './yaml-source.ts'

/** The files beside slipway.yaml that it names, or that are found there. */

export type Report = (path: Path, fault: Fault) => void

interface Fault {
  message: string
  mend: string
  severity?: Problem['severity']
  /** It stands at the top level, though the environment has the same setting. */
  ofTopLevel?: boolean
}

/** The Compose files of an environment in the order in which they are laid over each other. */
export async function composeFiles(settings: LayeredSettings, directory: string, report: Report): Promise<string[]> {
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
export async function reportMissingMigrations(
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

export async function envFile(settings: LayeredSettings, directory: string): Promise<string | undefined> {
  if (settings.env_file !== undefined) return join(directory, settings.env_file)
  return firstFile([join(directory, defaults.envFile)])
}

async function firstFile(candidates: string[]): Promise<string | undefined> {
  for (const candidate of candidates) if (await isFile(candidate)) return candidate
  return undefined
}

export async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
