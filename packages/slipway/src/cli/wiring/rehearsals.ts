import { join } from 'node:path'
import type { ComposeDocument } from '../../config/document.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { caddyEdge } from '../../edge/edge.ts'
import { composeEngine } from '../../engine/engine.ts'
import { stageProject } from '../../engine/rehearsal-document.ts'
import type { Ports } from '../../release/ports.ts'
import { rehearsals } from '../../rehearsal/rehearsals.ts'
import type { Layout } from '../../store/layout.ts'
import { releaseLogins } from './database-logins.ts'
import { serverLogin, type ContainerFinder } from './database.ts'
import { edgeOptions, systemClock } from './surroundings.ts'

/** Where migrations are rehearsed; nothing for an app without a database. */
export async function openRehearsals(
  config: EnvironmentConfig,
  document: ComposeDocument,
  layout: Layout,
  container: ContainerFinder,
): Promise<Pick<Ports, 'rehearsals'>> {
  const login = await serverLogin(config, document)
  if (login === undefined || config.database === undefined) return {}
  const { name, ...server } = login
  const live = { server: { ...server, container: container.find }, name, now: () => new Date() }
  return {
    rehearsals: rehearsals({
      live,
      service: config.database.service,
      logins: releaseLogins(config, document),
      engine: composeEngine(),
      clock: systemClock,
      stageEdge: caddyEdge({ ...edgeOptions(layout), project: stageProject(config.project) }),
      directory: rehearsalFolder(layout),
    }),
  }
}

/** Is there for as long as a rehearsal is: what a killed one leaves running is found by it. */
export function rehearsalFolder(layout: Layout): string {
  return join(layout.environment, 'rehearsal')
}
