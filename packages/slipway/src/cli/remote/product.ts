import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the installed package, which holds `dist` and `runner`: this code is in `dist`, or in a chunk of it. */
export function productFolder(file: string = fileURLToPath(import.meta.url)): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (folder.endsWith('/dist')) return dirname(folder)
  }
  return join(dirname(file), '../../..')
}
