import { SlipwayError } from '../support/errors.ts'
import { unlessAborted } from '../support/unless-aborted.ts'
import type { Context } from './context.ts'
import type { Release } from './model.ts'
import type { BegunBackup } from './ports.ts'
import { notRehearsed } from './rehearse-plan.ts'

/**
 * The throwaway copy of a rehearsal. Its start and its data take seconds, and so does its end: they begin while the code
 * is fetched and go on while the deployment does. A failure shows when the copy is used.
 */
export async function prepareCopy(context: Context): Promise<void> {
  const { rehearsals } = context.ports
  if (notRehearsed(context.plan, context.ports) !== undefined || rehearsals === undefined) return
  await context.learn({ rehearsing: true })
  context.copy = rehearsals.prepare(currentOf(context))
  context.copy.catch(() => undefined)
}

/**
 * From the very file that becomes the backup, as soon as all of it is on the disk. It is verified meanwhile, and before
 * anything that the rehearsal says counts: the step that keeps the backup comes first.
 */
export function fillCopyAhead(context: Context, backup: BegunBackup | undefined): void {
  const { copy, ports, plan } = context
  const { rehearsals } = ports
  if (copy === undefined || backup === undefined || rehearsals === undefined) return
  const fill = async (): Promise<number> => {
    await copy
    const dump = plan.config.rehearse.mode === 'schema' ? undefined : await backup.dumped
    return rehearsals.fill(currentOf(context), dump)
  }
  context.filled = fill()
  context.filled.catch(() => undefined)
  // Whoever interrupts a deployment waits for no restore.
  if (plan.config.rehearse.mode !== 'schema') backup.provedBy?.(unlessAborted(context.filled, context.signal))
}

/** What `rehearse` runs on the copy, as soon as it is known. */
export function makeCopyReady(context: Context, release: Release): void {
  const { copy, ports } = context
  const { rehearsals } = ports
  if (copy === undefined || rehearsals === undefined) return
  const current = currentOf(context)
  context.staged = copy.then(() => rehearsals.makeReady(current, release))
  context.staged.catch(() => undefined)
}

/** Goes on while the deployment does; its end is awaited before anybody has to wait, and before the deployment ends. */
export function removeCopyMeanwhile(context: Context): void {
  context.removing ??= removeNow(context)
  context.removing.catch(() => undefined)
}

/** Safe to repeat. */
export async function removeCopy(context: Context): Promise<void> {
  await context.removing?.catch(() => undefined)
  await removeNow(context)
}

async function removeNow(context: Context): Promise<void> {
  const { copy, filled, staged } = context
  if (context.facts.rehearsing !== true) return
  // Neither may make anything any more.
  await copy?.catch(() => undefined)
  await staged?.catch(() => undefined)
  await context.ports.rehearsals?.remove(currentOf(context))
  // Without its server it has ended.
  await filled?.catch(() => undefined)
  await context.learn({ rehearsing: false })
}

export function currentOf(context: Context): Release {
  const { current } = context.plan
  if (current === undefined) throw new SlipwayError('BUG', 'A rehearsal needs a release that serves')
  return current
}
