import { join } from 'node:path'
import { readCompose } from '../../config/compose.ts'
import type { ComposeDocument } from '../../config/document.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { files } from '../../engine/names.ts'
import type { DeploymentId, Release } from '../../release/model.ts'
import type { Promotion } from '../../release/promotion.ts'
import { fileJournal } from '../../store/journal.ts'
import type { Layout } from '../../store/layout.ts'
import { readIfPresent } from '../../support/files.ts'
import { variablesForLooking } from './environment-secrets.ts'
import { promotedVariables } from './promotion.ts'

/**
 * The Compose document before the first release: that of the deployment which was cut off, if there is one, else what the
 * folder says. That may be nothing: from Git, or without what is promoted. Whoever only looks, or brings to its end what
 * was cut off, must not fail of it; whoever deploys reads the folder anew and is told what is wrong with it.
 */
export async function firstDocument(
  config: EnvironmentConfig,
  layout: Layout,
  promotion: Promotion | undefined,
): Promise<ComposeDocument> {
  const unfinished = await fileJournal(layout).unfinished()
  const brought = unfinished === undefined ? undefined : await broughtBy(unfinished, layout)
  return brought ?? documentOfFolder(config, promotion).catch(() => nothing)
}

const nothing: ComposeDocument = { services: {} }

async function documentOfFolder(config: EnvironmentConfig, promotion: Promotion | undefined): Promise<ComposeDocument> {
  if (config.source.kind === 'git') return nothing
  const images = promotion === undefined ? {} : await promotedVariables(config, promotion)
  const variables = { ...(await variablesForLooking(config)), ...images }
  return readCompose(config, { variables })
}

/** Undefined: it had not written down a release. */
async function broughtBy(id: DeploymentId, layout: Layout): Promise<ComposeDocument | undefined> {
  const events = await fileJournal(layout).read(id)
  const release = events.flatMap(event => (event.type === 'step-fact' ? (event.facts.release ?? []) : [])).at(-1)
  return release === undefined ? undefined : savedDocument(release)
}

/** What a release keeps of it; undefined: it keeps none. */
export async function savedDocument({ directory }: Pick<Release, 'directory'>): Promise<ComposeDocument | undefined> {
  const text = await readIfPresent(join(directory, files.document))
  return text === undefined ? undefined : (JSON.parse(text) as ComposeDocument)
}
