import { beginBackupAhead, discardAhead } from '../backup-ahead.ts'
import { releaseOf, webServices, type Context, type Step } from '../context.ts'
import { fillCopyAhead, makeCopyReady, prepareCopy, removeCopy } from '../copy-ahead.ts'
import { releaseIdTogether, sameTogether } from '../several/together.ts'
import { bringSiteBack, rememberSite } from '../site-back.ts'
import { coolBefore } from '../warm.ts'

/** Code arrives and images are built or pulled. Nothing that runs is touched. */
export const fetch: Step = {
  name: 'fetch',
  does: context => `Fetch ${context.plan.version} and build its images`,
  skip: context => (context.plan.kind === 'rollback' ? `${context.plan.target?.id} is already here` : undefined),
  async apply(context) {
    const { ports, plan } = context
    await prepareCopy(context)
    fillCopyAhead(context, beginBackupAhead(context))
    const id = await releaseIdTogether(context)
    const release = await ports.source.fetch(plan, id, context.note)
    await context.learn({ release })
    if (await sameTogether(context, await servesAlready(context))) {
      await context.learn({ unchanged: true })
      return `nothing changed: ${plan.current?.id} already serves this`
    }
    makeCopyReady(context, release)
    await coolBefore(context)
    const images = Object.keys(release.images).length
    return `${release.id} · ${images === 1 ? '1 image' : `${images} images`} pinned`
  },
  undo: {
    does: context => `Forget ${context.facts.release?.id ?? 'the fetched release'}`,
    async run(context) {
      await bringSiteBack(context)
      await discardAhead(context)
      await removeCopy(context)
      if (context.facts.release !== undefined) await context.ports.source.discard(context.facts.release.id)
    },
  },
}

/** Same content as the current release, and that one runs in full, healthy and behind the edge. */
async function servesAlready(context: Context): Promise<boolean> {
  const { plan, ports } = context
  const release = releaseOf(context)
  const current = plan.current
  if (current === undefined || current.fingerprint !== release.fingerprint) return false
  if (current.stateFingerprint !== release.stateFingerprint || !(await ports.engine.stateMatches(current))) return false
  if (webServices(current).length > 0) {
    await rememberSite(context)
    await ports.edge.ensureFront(current, plan.config)
    if ((await ports.edge.live()) !== current.id) return false
  }
  const containers = await ports.engine.containers(current)
  return current.services
    .filter(service => service.role === 'web' || service.role === 'worker')
    .every(service => {
      const own = containers.filter(container => container.service === service.name)
      const well = own.filter(container => container.status === 'running' && container.health !== 'unhealthy')
      return well.length >= service.replicas
    })
}
