import { join } from 'node:path'
import { readIfPresent, writeAtomically } from '../support/files.ts'
import type { Layout } from '../store/layout.ts'

/** Which of the uploads was last given to a runner: what only looks at an environment goes by its configuration. */
export async function noteDeployed(layout: Layout, configFile: string): Promise<void> {
  await writeAtomically(noteOf(layout), JSON.stringify({ configFile }))
}

/** Undefined: nothing was deployed from an upload yet. */
export async function deployedConfig(layout: Layout): Promise<string | undefined> {
  const text = await readIfPresent(noteOf(layout))
  return text === undefined ? undefined : (JSON.parse(text) as { configFile: string }).configFile
}

const noteOf = ({ environment }: Layout): string => join(environment, 'deployed.json')
