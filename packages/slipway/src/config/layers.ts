import type { z } from 'zod'
import type { Settings, slipwaySchema } from './schema.ts'

/**
 * The settings of one environment as one: those of the top level with the environment's own laid over them.
 * Compose files are appended, groups are merged, everything else is replaced.
 */
export function layeredSettings(file: z.infer<typeof slipwaySchema>, environment: string): LayeredSettings {
  const { servers: _servers, ...everywhere } = file
  const base = spelledOut(everywhere)
  const own = file.environments !== undefined && Object.hasOwn(file.environments, environment)
  const over = spelledOut((own ? file.environments?.[environment] : undefined) ?? {})
  const { server: _server, ...merged } = mergeGroups(base, over) as LayeredSettings
  const edge = mergedEdge(base.edge, over.edge)
  return {
    ...merged,
    compose: base.compose ?? [],
    environmentCompose: over.compose ?? [],
    ...(edge === undefined ? {} : { edge }),
    ...whereIt(base, over),
  }
}

/** An environment that names several servers does not mean the `server` of the top level too. */
function whereIt(base: LayeredSettings, over: LayeredSettings): Pick<LayeredSettings, 'server' | 'servers'> {
  const { servers, server = servers === undefined ? base.server : undefined } = over
  return { ...(server === undefined ? {} : { server }), ...(servers === undefined ? {} : { servers }) }
}

/** Settings in their long form: every short cut written out. */
export interface LayeredSettings
  extends Omit<
    Settings,
    'compose' | 'health' | 'database' | 'migrate' | 'rehearse' | 'services' | 'app' | 'environments'
  > {
  compose?: string[]
  environmentCompose?: string[]
  health?: HealthFields
  database?: Exclude<Settings['database'], string>
  migrate?: Partial<Exclude<NonNullable<Settings['migrate']>, string>>
  rehearse?: Exclude<NonNullable<Settings['rehearse']>, string>
  services?: Record<string, LayeredService>
}

type HealthFields = Exclude<NonNullable<Settings['health']>, string>
type ServiceSettings = NonNullable<Settings['services']>[string]
export type LayeredService = Omit<ServiceSettings, 'health'> & { health?: HealthFields }

function spelledOut(settings: Settings): LayeredSettings {
  const { compose, health, database, migrate, rehearse, services, secrets, ...rest } = settings
  return {
    ...rest,
    ...(compose === undefined ? {} : { compose: typeof compose === 'string' ? [compose] : compose }),
    ...(health === undefined ? {} : { health: spelledHealth(health) }),
    ...(database === undefined ? {} : { database: typeof database === 'string' ? { service: database } : database }),
    ...(migrate === undefined ? {} : { migrate: typeof migrate === 'string' ? { command: migrate } : migrate }),
    ...(rehearse === undefined ? {} : { rehearse: typeof rehearse === 'string' ? { mode: rehearse } : rehearse }),
    ...(services === undefined ? {} : { services: spelledServices(services) }),
    ...(secrets === undefined ? {} : { secrets: spelledSecrets(secrets) }),
  }
}

function spelledHealth(health: NonNullable<Settings['health']>): HealthFields {
  return typeof health === 'string' ? { path: health } : health
}

function spelledServices(services: NonNullable<Settings['services']>): Record<string, LayeredService> {
  const entries = Object.entries(services).map(([name, { health, ...rest }]): [string, LayeredService] => [
    name,
    health === undefined ? rest : { ...rest, health: spelledHealth(health) },
  ])
  return Object.fromEntries(entries)
}

/** `JWT_SECRET:` alone declares it, with nothing more to say of it. */
function spelledSecrets(secrets: NonNullable<Settings['secrets']>): NonNullable<Settings['secrets']> {
  return Object.fromEntries(Object.entries(secrets).map(([name, rule]) => [name, rule ?? {}]))
}

/** An environment that says `domain` does not mean the `listen` of the top level too, and the other way round. */
function mergedEdge(base: Settings['edge'], over: Settings['edge']): Settings['edge'] {
  if (base === undefined || over === undefined) return over ?? base
  const { listen, domain, ...rest } = base
  const replaced = over.listen !== undefined || over.domain !== undefined
  return { ...rest, ...(replaced ? {} : { listen, domain }), ...over }
}

function mergeGroups(base: unknown, over: unknown): unknown {
  if (over === undefined) return base
  if (!isGroup(base) || !isGroup(over)) return over
  const keys = new Set([...Object.keys(base), ...Object.keys(over)])
  return Object.fromEntries([...keys].map(key => [key, mergeGroups(own(base, key), own(over, key))]))
}

function own(group: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(group, key) ? group[key] : undefined
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
