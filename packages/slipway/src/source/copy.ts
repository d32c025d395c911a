import { chown, cp, lstat, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SlipwayError } from '../support/errors.ts'
import { isMissing } from '../support/files.ts'
import type { Copy } from './place.ts'

/** Copies what a release mounts into its folder, with the owner and mode that the app counts on. */
export async function copyInto(copies: readonly Copy[]): Promise<void> {
  for (const { from, to, fallback } of copies) {
    const source = (await exists(from)) ? from : fallback
    if (!(await exists(source))) {
      throw new SlipwayError('SECRET_MISSING', `The file ${source} is missing`, {
        why: 'the Compose files mount it as a secret, config or read-only file',
        state: 'nothing that runs was touched',
        next: 'Create it and deploy again.',
      })
    }
    await mkdir(dirname(to), { recursive: true, mode: 0o755 })
    await cp(source, to, { recursive: true, preserveTimestamps: true, force: true })
    const { uid, gid } = await lstat(source)
    if (process.getuid?.() === 0) await chown(to, uid, gid)
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
