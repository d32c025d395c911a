import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfPresent, writeAtomically } from '../support/files.ts'
import type { EdgeLayout } from './layout.ts'
import { siteFromText, type Site } from './site.ts'

/** All sites of the front, as their deployments left them. A file that is no site is passed over: it must not stop the others. */
export async function readSites(layout: EdgeLayout): Promise<Site[]> {
  const names = await readdir(layout.sites).catch(() => [])
  const texts = await Promise.all(
    names
      .filter(name => name.endsWith('.json'))
      .sort()
      .map(name => readIfPresent(join(layout.sites, name))),
  )
  return texts.flatMap(text => (text === undefined ? [] : (siteFromText(text) ?? [])))
}

/** Undefined: the project has none from now on. */
export async function writeSite(layout: EdgeLayout, project: string, site: Site | undefined): Promise<void> {
  await mkdir(layout.sites, { recursive: true, mode: 0o700 })
  if (site === undefined) await rm(layout.site(project), { force: true })
  else await writeAtomically(layout.site(project), `${JSON.stringify(site, null, 2)}\n`)
}
