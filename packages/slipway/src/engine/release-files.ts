import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SlipwayError } from '../support/errors.ts'
import type { ComposeDocument } from '../config/document.ts'
import type { Release } from '../release/model.ts'
import { composeArgv } from './compose-argv.ts'
import { files, releaseProject } from './names.ts'

/** One of the documents in a release's folder. */
export async function readDocument(release: Release, name: string): Promise<ComposeDocument> {
  const file = join(release.directory, name)
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ComposeDocument
  } catch (error) {
    throw new SlipwayError('NO_RELEASE', `The files of ${release.id} can not be read`, {
      why: `${file}: ${error instanceof Error ? error.message : String(error)}`,
      next: 'Deploy again: a new release brings files of its own.',
      cause: error,
    })
  }
}

/** Arguments for docker: a Compose command on the release's own project. */
export function releaseCompose(release: Release, rest: readonly string[]): string[] {
  const file = join(release.directory, files.release)
  return composeArgv(releaseProject(release.project, release.id), file, release.directory, rest)
}
