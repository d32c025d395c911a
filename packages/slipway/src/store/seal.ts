import { join } from 'node:path'
import { SlipwayError } from '../support/errors.ts'
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
  try {
    const { key, revision } = JSON.parse(text) as Partial<Seal>
    if (typeof key === 'string' && typeof revision === 'number') return { key, revision }
  } catch {
    // Told below.
  }
  const file = sealFile(releaseDirectory)
  throw new SlipwayError('NO_RELEASE', `${file} can not be read`, {
    why: 'by it the secrets of the next release show that they follow on those that serve',
    state: 'what serves goes on serving',
    next: 'Bring it back from a copy of the folder; without one remove it, and the next deployment believes the secrets it finds.',
  })
}
