import type { OpenSecrets } from '../../../secrets/open.ts'
import { SlipwayError } from '../../../support/errors.ts'
import { openApplication, type Context } from '../../context.ts'

/**
 * The place of the value before holds one value, and until a deployment has taken the last rotation that is the one that
 * serves. Another rotation would put there a value that nobody ever used, and what people hold would be worth nothing:
 * so it waits. Keeping the older one instead would lose the newer where it was deployed after all, by a pipeline.
 */
export async function proveTaken(
  { environment, name, previous }: { environment: string; name: string; previous: string },
  before: OpenSecrets,
  context: Context,
): Promise<void> {
  // The first rotation has nothing to lose there.
  if (!before.values.has(previous)) return
  const { current } = await (await openApplication(context, environment)).status()
  const { revision } = before.sealed
  if (current === undefined || current.secretsRevision === revision) return
  const serves = current.secretsRevision === undefined ? 'none of the file' : `those of ${current.secretsRevision}`
  throw new SlipwayError('USAGE', `${name} can not be rotated again before it is deployed`, {
    why: `the file is at revision ${revision}, and ${current.release} has ${serves}: ${previous} may hold what still serves, and would lose it`,
    state: 'nothing was changed',
    next: `slipway deploy ${environment}. Or, when you know that what serves has the ${name} of the file: --deployed`,
  })
}
