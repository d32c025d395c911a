import { mkdir, readdir } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { readIfPresent, writeAtomically } from '../support/files.ts'
import { slipwayHome, type Layout } from './layout.ts'

/** Where the slipway.yaml of an environment lies: what nobody can tell who begins with the server alone. */
export interface Place {
  configFile: string
  environment: string
}

/** Before anything is begun, so that whoever finds it cut off can end it. */
export async function notePlace(place: Layout, { configFile, environment }: Place): Promise<void> {
  const text = `${JSON.stringify({ configFile, environment })}\n`
  if ((await readIfPresent(noteOf(place))) === text) return
  await mkdir(place.environment, { recursive: true, mode: 0o700 })
  await writeAtomically(noteOf(place), text)
}

/** Undefined: it was never noted, or the note can not be read. */
export async function readPlace(place: Layout): Promise<Place | undefined> {
  try {
    const found = JSON.parse((await readIfPresent(noteOf(place))) ?? '{}') as Partial<Record<keyof Place, unknown>>
    const { configFile, environment } = found
    if (typeof configFile !== 'string' || typeof environment !== 'string' || !isAbsolute(configFile)) return undefined
    return { configFile, environment }
  } catch {
    return undefined
  }
}

/** The projects of this machine, in the order of their names. */
export async function knownProjects(home = slipwayHome()): Promise<string[]> {
  const entries = await readdir(join(home, 'apps'), { withFileTypes: true }).catch(() => [])
  return entries
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}

const noteOf = ({ environment }: Layout): string => join(environment, 'place.json')
