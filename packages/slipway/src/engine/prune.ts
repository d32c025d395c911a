import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Release } from '../release/model.ts'
import { isMissing } from '../support/files.ts'
import { docker } from './docker.ts'
import { removeTags } from './image-removal.ts'
import { files, imageRepository, lastingFolder } from './names.ts'
import { removeOutdated } from './ready-database-images.ts'
import { stateContainers } from './state.ts'

/** Removes the images of releases that are no longer kept. Only tags of this environment are touched. */
export async function pruneImages(keep: readonly Release[]): Promise<string[]> {
  const [release] = keep
  if (release === undefined) return []
  await pruneLastingFiles(release, keep)
  const repository = imageRepository(release.project)
  const kept = new Set<string>(keep.map(each => each.id))
  const text = await docker([
    'image',
    'ls',
    '--filter',
    `reference=${repository}/*`,
    '--format',
    '{{.Repository}}:{{.Tag}}',
  ])
  const gone = text.split('\n').filter(reference => {
    const [name = '', tag = ''] = reference.split(':')
    return name.startsWith(`${repository}/`) && /^r\d+$/.test(tag) && !kept.has(tag)
  })
  const said = await removeTags(gone, 'with parents')
  // What was made of a database's image goes with that.
  if (gone.length > 0) await removeOutdated()
  return gone.filter(reference => said.includes(`Untagged: ${reference}\n`))
}

/** Files of state services that neither a kept release nor a container that is still there mounts. */
async function pruneLastingFiles(release: Release, keep: readonly Release[]): Promise<void> {
  const folder = lastingFolder(release.directory)
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  if (names.length === 0) return
  const documents = await Promise.all(keep.map(each => readFile(join(each.directory, files.document), 'utf8')))
  const mounted = (await stateContainers(release.project)).flatMap(container => container.mounted)
  const used = [...documents, ...mounted]
  const unused = names.filter(name => !used.some(text => text.includes(join(folder, name))))
  for (const name of unused) await rm(join(folder, name), { recursive: true, force: true })
}
