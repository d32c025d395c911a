import type { EnvironmentConfig } from '../../config/model.ts'
import { postgresDatabase } from '../../postgres/database.ts'
import type { Database } from '../../release/ports.ts'
import { databaseContainer, type ContainerFinder, type Login } from './database.ts'

/**
 * What one command has open to databases. A commit's own configuration as a rule names the same database as the release
 * that serves: finding its container and starting psql in it once more would take tenths of a second.
 */
export class OpenDatabases {
  private readonly finders = new Map<string, ContainerFinder>()
  private readonly databases = new Map<ContainerFinder, Map<string, Database>>()

  container(config: EnvironmentConfig): ContainerFinder {
    return remembered(this.finders, JSON.stringify([config.project, config.database?.service]), () =>
      databaseContainer(config),
    )
  }

  open(login: Login, container: ContainerFinder): Database {
    const known = remembered(this.databases, container, () => new Map<string, Database>())
    return remembered(known, JSON.stringify([login.user, login.name, login.password]), () =>
      postgresDatabase({ ...login, container: container.find }),
    )
  }
}

function remembered<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make()
  known.set(key, made)
  return made
}
