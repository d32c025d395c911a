import type { DataOrigin, Plan, Release } from '../../release/model.ts'
import { planRollback } from '../../release/plan.ts'
import type { Ports } from '../../release/ports.ts'
import { servesWell } from '../../release/watch.ts'
import { SlipwayError } from '../../support/errors.ts'

/**
 * The plan of a rollback to the release that is kept warm, made without asking the database anything: it takes a
 * fraction of a second. Undefined: that is not what is wanted, or it is no longer there.
 */
export async function planWarmRollback(input: WarmRollback, ports: Ports): Promise<Plan | undefined> {
  const note = await ports.warm?.read()
  const release = input.releases.find(each => each.id === note?.release)
  if (release === undefined) return undefined
  const plan = attempt({ ...input, warm: release.id, existing: noOrigin })
  return plan?.warm === true && (await servesWell(release, ports)) ? plan : undefined
}

export type WarmRollback = Omit<Parameters<typeof planRollback>[0], 'warm' | 'existing' | 'releases'> & {
  releases: readonly Release[]
}

/** What can not be decided here is decided, and told, by the plan that is made with all that is known. */
function attempt(input: Parameters<typeof planRollback>[0]): Plan | undefined {
  try {
    return planRollback(input)
  } catch (error) {
    if (error instanceof SlipwayError) return undefined
    throw error
  }
}

function noOrigin(_origin: DataOrigin): boolean {
  return false
}
