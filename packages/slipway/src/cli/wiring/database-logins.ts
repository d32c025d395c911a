import type { ComposeDocument } from '../../config/document.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { missingLogins, provideLogins, retireLogins, type ReleaseLogin } from '../../postgres/logins.ts'
import { roleOf } from '../../postgres/release-login.ts'
import type { DatabaseLogins, Ports } from '../../release/ports.ts'
import { appLogins, serverLogin, type ContainerFinder } from './database.ts'

/** The logins that Slipway makes, by the names in the addresses that the app is given. Nothing without a database. */
export async function openLogins(
  config: EnvironmentConfig,
  document: ComposeDocument,
  container: ContainerFinder,
): Promise<Pick<Ports, 'logins'>> {
  const login = await serverLogin(config, document)
  if (login === undefined) return {}
  const { name, ...server } = login
  const live = { server: { ...server, container: container.find }, name, now: () => new Date() }
  const own = releaseLogins(config, document)
  const logins: DatabaseLogins = {
    missing: () => missingLogins(live, own),
    provide: () => provideLogins(live, own),
    retire: needed => retireLogins(live, new Set([...needed, ...own.map(each => each.name)])),
  }
  return { logins }
}

/** Each once. What a release has on disk holds its variables, and of its secrets only where they lie. */
export function releaseLogins(config: EnvironmentConfig, document: ComposeDocument): ReleaseLogin[] {
  const known = new Map<string, ReleaseLogin>()
  for (const { user, password } of appLogins(config, document)) {
    if (password !== undefined && roleOf(user) !== undefined) known.set(user, { name: user, password })
  }
  return [...known.values()]
}
