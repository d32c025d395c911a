import { join } from 'node:path'
import { readIfPresent, writeAtomically } from '../support/files.ts'

/** The seal of the secrets that a release was made with. By it the next one shows that its secrets follow on these. */
export interface Seal {
  /** In base64. It opens no value. */
  key: string
  revision: number
}

export function sealFile(releaseDirectory: string): string {
  return join(releaseDirectory, 'seal.json')
}

export async function writeSeal(releaseDirectory: string, seal: Seal): Promise<void> {
  await writeAtomically(sealFile(releaseDirectory), JSON.stringify(seal))
}

/** Undefined: the release had no encrypted secrets. */
export async function readSeal(releaseDirectory: string): Promise<Seal | undefined> {
  const text = await readIfPresent(sealFile(releaseDirectory))
  if (text === undefined) return undefined
  const { key, revision } = JSON.parse(text) as Partial<Seal>
  return typeof key === 'string' && typeof revision === 'number' ? { key, revision } : undefined
}
