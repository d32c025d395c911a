import { dirname, join } from 'node:path'
import { fileJournal } from '../store/journal.ts'
import type { Layout } from '../store/layout.ts'
import { readIfPresent, writeAtomically } from '../support/files.ts'

/**
 * By which upload's configuration an environment is gone by: that of the deployment that was begun last, also by who ends
 * it when it was cut off; and that of before when it has failed, as what serves is what served before.
 */
export interface Deployed {
  configFile: string
  /** For its Compose files. */
  variables: Readonly<Record<string, string>>
}

/** Only under the lock: who is refused has changed nothing. */
export async function noteDeployed(layout: Layout, { configFile, variables }: Deployed): Promise<void> {
  const before = await readDeployed(layout)
  const note: Note = { configFile, variables, ...(before === undefined ? {} : { before }) }
  await writeAtomically(noteOf(layout), JSON.stringify(note))
}

/** Undefined: nothing was deployed from an upload yet. */
export async function readDeployed(layout: Layout): Promise<Deployed | undefined> {
  const note = await readNote(layout)
  if (note === undefined) return undefined
  const { before, ...newest } = note
  return before !== undefined && (await lastFailed(layout)) ? before : newest
}

/** The folders of uploads that somebody may still go by. */
export async function notedFolders(layout: Pick<Layout, 'environment'>): Promise<string[]> {
  const note = await readNote(layout)
  return [note, note?.before].flatMap(each => (each === undefined ? [] : [dirname(each.configFile)]))
}

interface Note extends Deployed {
  before?: Deployed
}

async function readNote(layout: Pick<Layout, 'environment'>): Promise<Note | undefined> {
  const text = await readIfPresent(noteOf(layout))
  return text === undefined ? undefined : (JSON.parse(text) as Note)
}

async function lastFailed(layout: Layout): Promise<boolean> {
  const journal = fileJournal(layout)
  if ((await journal.unfinished()) !== undefined) return false
  const last = (await journal.history()).at(-1)
  return last?.outcome === 'failed' || last?.outcome === 'rolled-back'
}

const noteOf = ({ environment }: Pick<Layout, 'environment'>): string => join(environment, 'deployed.json')
