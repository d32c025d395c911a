import { releaseOf, webServices, type Context } from './context.ts'

/**
 * What the new release needs to be started takes as long to make as it takes to start, and touches nothing that runs. So
 * it is made beside the work, from the moment in which that begins it: when the old release is watched on the copy, and
 * nobody has anything to do. What can not be made then is made in its step, which says why it can not. No other step runs
 * beside it.
 */
export async function withReadyAhead<T>(context: Context, work: (begin: () => void) => Promise<T>): Promise<T> {
  let making: Promise<void> | undefined
  try {
    return await work(() => void (making ??= makeReady(context).catch(() => undefined)))
  } finally {
    await making
  }
}

async function makeReady(context: Context): Promise<void> {
  const { engine, edge } = context.ports
  const release = releaseOf(context)
  if (engine.makeReady === undefined) return
  await context.learn({ madeReady: true })
  await engine.makeReady(release)
  const networks = webServices(release).length === 0 ? [] : await engine.doorNetworks(release)
  if (networks.length > 0) await edge.openDoor(release, networks)
}

/** Safe to repeat. */
export async function removeReady(context: Context): Promise<void> {
  if (context.facts.madeReady !== true) return
  const release = releaseOf(context)
  await context.ports.engine.remove(release, 'at-once')
  if (webServices(release).length > 0) await context.ports.edge.closeDoor(release)
}
