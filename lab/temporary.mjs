// Folders for one build. Only one process builds at a time (it holds a lock), so what is there before is left over.
import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { place } from './place.mjs'
import { attempt } from './process.mjs'

const prefix = 'work-'

export function temporaryFolder() {
  mkdirSync(place.downloads, { recursive: true })
  return mkdtempSync(join(place.downloads, prefix))
}

export async function removeFolder(folder) {
  await attempt('umount', ['--lazy', '--recursive', folder])
  await attempt('rm', ['-rf', '--one-file-system', folder])
}

export async function removeLeftoverFolders() {
  mkdirSync(place.downloads, { recursive: true })
  for (const name of readdirSync(place.downloads)) {
    if (name.startsWith(prefix)) await removeFolder(join(place.downloads, name))
  }
}
