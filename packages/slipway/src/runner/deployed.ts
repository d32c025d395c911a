import { join } from 'node:path'
import { readIfPresent, writeAtomically } from '../support/files.ts'
import type { Layout } from '../store/layout.ts'

/**
 * Which of the uploads was the last that a deployment began with: what only looks at an environment goes by its
 * configuration, and so does who ends that deployment when it was cut off.
 */
export interface Deployed {
  configFile: string
  /** For its Compose files. */
  variables: Readonly<Record<string, string>>
}

/** Only under the lock: who is refused has changed nothing. */
export async function noteDeployed(layout: Layout, { configFile, variables }: Deployed): Promise<void> {
  await writeAtomically(noteOf(layout), JSON.stringify({ configFile, variables }))
}

/** Undefined: nothing was deployed from an upload yet. */
export async function readDeployed(layout: Pick<Layout, 'environment'>): Promise<Deployed | undefined> {
  const text = await readIfPresent(noteOf(layout))
  return text === undefined ? undefined : (JSON.parse(text) as Deployed)
}

const noteOf = ({ environment }: Pick<Layout, 'environment'>): string => join(environment, 'deployed.json')
