import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

export const imagesFolder = fileURLToPath(new URL('./', import.meta.url))

/** Changes when the recipe of an image changes (or one it starts from, as Debian), so that an older one is built again. */
export function fingerprint(...recipes) {
  const hash = createHash('sha256')
  for (const folder of new Set(['debian', ...recipes])) {
    for (const file of readdirSync(join(imagesFolder, folder)).sort()) {
      hash.update(`\0${file}\0`).update(readFileSync(join(imagesFolder, folder, file)))
    }
  }
  return hash.digest('hex').slice(0, 16)
}
