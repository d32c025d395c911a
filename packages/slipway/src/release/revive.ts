import type { Context } from './context.ts'
import type { Release } from './model.ts'

/**
 * A release that goes on serving runs in full. Docker may have died in between and come back without some of it. While
 * it is away this fails, as all else does then, and is tried again with that.
 */
export async function reviveOld(context: Context): Promise<void> {
  const { current } = context.plan
  const { quieted, returning } = context.facts
  // Workers that the deployment has stopped itself are woken in their turn.
  const isOwnDoing = quieted !== undefined || returning === true
  if (current !== undefined) await revive(context, current, isOwnDoing ? ['web'] : ['web', 'worker'])
}

export async function reviveNew(context: Context, release: Release): Promise<void> {
  // Those of a release that was warm begin only when the others have ended.
  await revive(context, release, context.plan.warm === true ? ['web'] : ['web', 'worker'])
}

async function revive(context: Context, release: Release, roles: readonly ('web' | 'worker')[]): Promise<void> {
  const started = (await context.ports.engine.revive?.(release, roles, context.startedAt)) ?? []
  if (started.length > 0) context.note(`Docker had stopped ${started.join(', ')}: started again`)
}
