import { cp, mkdir, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import type { ComposeDocument } from '../config/document.ts'
import { unescaped } from '../config/dollars.ts'

/**
 * What containers write to lies in a lasting folder, and begins as the code brings it. What is there already is data
 * and is left alone.
 */
export async function seedLasting(document: ComposeDocument, source: string, lasting: string): Promise<void> {
  for (const inside of writableMounts(document, source)) {
    const to = join(lasting, inside)
    if ((await isThere(to)) || !(await isThere(join(source, inside)))) continue
    await mkdir(dirname(to), { recursive: true, mode: 0o755 })
    await cp(join(source, inside), to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  }
}

/** The folders and files inside the project that containers may write to, relative to it. Pure. */
export function writableMounts(document: ComposeDocument, source: string): string[] {
  const found = Object.values(document.services).flatMap(service =>
    (service.volumes ?? []).flatMap(volume => {
      if (volume.type !== 'bind' || volume['read_only'] === true || volume.source === undefined) return []
      const inside = relative(source, unescaped(volume.source))
      return inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside) ? [] : [inside]
    }),
  )
  return [...new Set(found)]
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
