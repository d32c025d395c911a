import { mkdir, mkdtemp, open, readdir, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Layout } from '../../store/layout.ts'
import { isMissing } from '../../support/files.ts'
import { holdFile, removeUnlessHeld } from '../../support/held-file.ts'

/**
 * Where a commit is written out to be looked at or deployed: a folder for each process, marked as its own for as long as
 * it lives. One that plans and one that deploys the same commit do not meet.
 */
export async function newCheckout(layout: Layout, sha: string): Promise<string> {
  const folder = checkoutsOf(layout)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await removeLeftCheckouts(layout)
  for (;;) {
    const own = await mkdtemp(join(folder, 'checkout-'))
    const handle = await open(own, 'r')
    if (await holdFile(handle)) {
      held.set(own, handle)
      return join(own, sha)
    }
    await handle.close()
  }
}

/** With the mark. What became a part of a release is there no more. */
export async function forgetCheckout(checkout: string): Promise<void> {
  const own = dirname(checkout)
  await rm(own, { recursive: true, force: true })
  await held.get(own)?.close()
  held.delete(own)
}

/** Those of processes that died. */
export async function removeLeftCheckouts(layout: Layout): Promise<void> {
  const folder = checkoutsOf(layout)
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  for (const name of names) await removeUnlessHeld(join(folder, name))
}

const held = new Map<string, FileHandle>()

function checkoutsOf({ environment }: Layout): string {
  return join(environment, 'incoming')
}
