import { mkdir } from 'node:fs/promises'
import { SlipwayError } from '../support/errors.ts'
import { writeAtomically } from '../support/files.ts'
import { sameJson, type Json } from './caddy-document.ts'
import { frontConfig, type FrontSettings } from './front-config.ts'
import { loadConfig, runningConfig, startFront, type Front } from './front-container.ts'
import { listensOf } from './front-listens.ts'
import { aloneAtFront } from './front-lock.ts'
import { portInUse, proveFree } from './listeners.ts'
import type { EdgeLayout } from './layout.ts'
import { conflictOf } from './site-conflicts.ts'
import { readSites, writeSite } from './site-files.ts'
import type { Site } from './site.ts'

/** Makes sure that the front runs and serves the project's site, and touches it only if it does not already. */
export async function ensureSite(
  front: Front,
  settings: FrontSettings,
  project: string,
  site: Site | undefined,
): Promise<void> {
  await mkdir(front.layout.sites, { recursive: true, mode: 0o700 })
  await aloneAtFront(front.layout, () => bringSite(front, settings, project, site))
}

async function bringSite(
  front: Front,
  settings: FrontSettings,
  project: string,
  site: Site | undefined,
): Promise<void> {
  const before = await readSites(front.layout)
  const own = before.find(each => each.project === project)
  if (site === undefined && own === undefined) return
  const others = before.filter(each => each.project !== project)
  if (site !== undefined) refuseConflict(site, others, settings)
  const wanted = frontConfig(site === undefined ? others : [...others, site], settings)
  const running = await runningConfig(front)
  const isWanted = sameJson(running, wanted)
  // One that goes leaves its file last: cut off before that, it is seen that the front may still have it.
  if (site !== undefined && !sameJson(own, site)) await writeSite(front.layout, project, site)
  if (!isWanted) await bring(front, wanted, running, () => writeSite(front.layout, project, own))
  if (site === undefined) await writeSite(front.layout, project, undefined)
}

/** What the file of the project's site says, in a form that `siteFromText` reads. */
export async function siteText(layout: EdgeLayout, project: string): Promise<string | undefined> {
  const site = (await readSites(layout)).find(each => each.project === project)
  return site === undefined ? undefined : JSON.stringify(site)
}

/** Starts or reloads the front with a configuration; takes back what was written if it does not accept it. */
async function bring(front: Front, wanted: Json, running: unknown, takeBack: () => Promise<void>): Promise<void> {
  try {
    const served = new Set(listensOf(running).map(address => `${address.host} ${address.port}`))
    for (const address of listensOf(wanted)) {
      if (!served.has(`${address.host} ${address.port}`)) await proveFree(address)
    }
    if (running === undefined) {
      await writeAtomically(front.layout.frontConfig, text(wanted))
      await startFront(front, wanted)
    } else {
      await loadConfig(front, text(wanted))
      // Only now: should the front restart, it must find a configuration that it has accepted.
      await writeAtomically(front.layout.frontConfig, text(wanted))
    }
  } catch (error) {
    await takeBack()
    throw error
  }
}

function refuseConflict(site: Site, others: readonly Site[], settings: FrontSettings): void {
  const conflict = conflictOf(site, others, settings.ports)
  if (conflict === undefined) return
  const attempted = `The edge can not take ${site.project} in`
  if (conflict.port !== undefined) {
    const { code, state, next } = portInUse(conflict.port, [], attempted)
    throw new SlipwayError(code, attempted, { why: conflict.why, state, next })
  }
  throw new SlipwayError('CONFIG_INVALID', attempted, {
    why: conflict.why,
    state: 'Nothing was changed.',
    next: 'Give each app hosts of its own in slipway.yaml.',
  })
}

function text(config: Json): string {
  return `${JSON.stringify(config, null, 2)}\n`
}
