import { join, resolve } from 'node:path'
import { parseLength, type SecretRule } from '../secrets/rules.ts'
import { defaults } from './defaults.ts'
import { parseDuration } from './duration.ts'
import type { LayeredService, LayeredSettings } from './layers.ts'
import type {
  EdgeConfig,
  EnvironmentConfig,
  HealthConfig,
  HooksConfig,
  MigrateConfig,
  Placement,
  ServerConfig,
  ServiceConfig,
  Source,
} from './model.ts'
import { parseListen } from './rules.ts'
import type { SlipwayFile } from './schema.ts'

/** Settings as written, turned into the configuration the program works with: defaults, milliseconds, absolute paths. */
export function environmentConfig(settings: LayeredSettings, place: ProjectPlace): EnvironmentConfig {
  const migrate = settings.migrate === undefined ? undefined : migrateConfig(settings.migrate, place.directory)
  return {
    file: place.file,
    directory: place.directory,
    app: place.app,
    environment: place.environment,
    project: `${place.app}-${place.environment}`,
    production: settings.production ?? false,
    composeFiles: place.composeFiles,
    ...(place.envFile === undefined ? {} : { envFile: place.envFile }),
    source: sourceOf(settings.source),
    services: serviceConfigs(settings.services ?? {}),
    health: { ...defaultHealth, ...healthOverrides(settings.health ?? {}) },
    ...(migrate === undefined ? {} : { migrate }),
    ...(settings.database === undefined ? {} : { database: compact(settings.database) }),
    edge: edgeConfig(settings.edge ?? {}),
    hold: { limitMs: milliseconds(settings.hold?.limit, defaults.hold.limit) },
    drain: { limitMs: milliseconds(settings.drain?.limit, defaults.drain.limit) },
    rehearse: {
      mode: settings.rehearse?.mode ?? defaults.rehearse.mode,
      smoke: settings.rehearse?.smoke ?? [],
      timeoutMs: milliseconds(settings.rehearse?.timeout, defaults.rehearse.timeout),
    },
    watch: { forMs: millisecondsOrOff(settings.watch, defaults.watch) },
    warm: { forMs: millisecondsOrOff(settings.warm, defaults.warm) },
    hooks: hooksConfig(settings.hooks ?? {}),
    backups: {
      directory: settings.backups?.directory === undefined ? '' : resolve(place.lasting, settings.backups.directory),
      format: settings.backups?.format ?? defaults.backups.format,
      keep: settings.backups?.keep ?? defaults.backups.keep,
      daily: { keepDays: settings.backups?.daily?.keep_days ?? defaults.backups.keepDays },
    },
    rollback: { data: settings.rollback?.data ?? defaults.rollback.data },
    retention: { ...defaults.retention, ...compact(settings.retention ?? {}) },
    ...(place.server === undefined ? {} : { server: place.server }),
    ...(place.placement === undefined ? {} : { placement: place.placement }),
    secrets: {
      file: join(place.directory, defaults.secrets.folder, `${place.environment}.yaml`),
      rules: secretRules(settings.secrets ?? {}),
    },
    ...(settings.registries === undefined ? {} : { registries: registryConfigs(settings.registries) }),
    scan: { allow: (place.scan?.allow ?? []).map(compact) },
  }
}

export interface ProjectPlace {
  file: string
  directory: string
  /** Where relative paths of what outlasts the code start. */
  lasting: string
  app: string
  environment: string
  composeFiles: string[]
  envFile: string | undefined
  server: ServerConfig | undefined
  placement: Placement | undefined
  scan: SlipwayFile['scan']
}

function sourceOf(written: LayeredSettings['source']): Source {
  if (written === undefined) return { kind: 'directory' }
  const { branch, remote, repository, token } = written.git
  return { kind: 'git', branch, remote: remote ?? defaults.source.remote, ...compact({ repository, token }) }
}

const defaultHealth: HealthConfig = {
  intervalMs: milliseconds(defaults.health.interval, '2s'),
  deadlineMs: milliseconds(defaults.health.deadline, '30s'),
  timeoutMs: milliseconds(defaults.health.timeout, '5s'),
}

type HealthFields = NonNullable<LayeredService['health']>

function healthOverrides(fields: HealthFields): Partial<HealthConfig> {
  return {
    ...(fields.path === undefined ? {} : { path: fields.path }),
    ...(fields.interval === undefined ? {} : { intervalMs: milliseconds(fields.interval, '') }),
    ...(fields.deadline === undefined ? {} : { deadlineMs: milliseconds(fields.deadline, '') }),
    ...(fields.timeout === undefined ? {} : { timeoutMs: milliseconds(fields.timeout, '') }),
    ...(fields.warm_up === undefined ? {} : { warmUp: fields.warm_up }),
  }
}

function serviceConfigs(services: Record<string, LayeredService>): Record<string, ServiceConfig> {
  const entries = Object.entries(services).map(([name, { role, port, hosts, health }]): [string, ServiceConfig] => [
    name,
    {
      ...(role === undefined ? {} : { role }),
      ...(port === undefined ? {} : { port }),
      hosts: hosts ?? [],
      ...(health === undefined ? {} : { health: healthOverrides(health) }),
    },
  ])
  return Object.fromEntries(entries)
}

/** `service` may still be empty here: load.ts fills it in from the Compose files. */
function migrateConfig(migrate: NonNullable<LayeredSettings['migrate']>, directory: string): MigrateConfig {
  const { service, command, files, timeout } = migrate
  return {
    service: service ?? '',
    command: typeof command === 'string' ? command.trim().split(/\s+/) : (command ?? []),
    files: listOf(files).map(file => join(directory, file)),
    timeoutMs: milliseconds(timeout, defaults.migrate.timeout),
  }
}

function edgeConfig(edge: NonNullable<LayeredSettings['edge']>): EdgeConfig {
  const listen = edge.listen === undefined ? undefined : parseListen(edge.listen)
  const domains = listOf(edge.domain)
  const fallback = domains.length > 0 ? 'domains' : 'none'
  return {
    mode: listen === undefined ? fallback : 'address',
    ...(listen === undefined ? {} : { listen }),
    domains,
    ...(edge.email === undefined ? {} : { email: edge.email }),
    trustedProxies: edge.trusted_proxies ?? [],
  }
}

function hooksConfig(hooks: NonNullable<LayeredSettings['hooks']>): HooksConfig {
  return {
    beforeDeploy: commands(hooks.before_deploy),
    afterDeploy: commands(hooks.after_deploy),
    onFailure: commands(hooks.on_failure),
    alert: commands(hooks.alert),
    timeoutMs: milliseconds(hooks.timeout, defaults.hooks.timeout),
  }
}

function registryConfigs(
  written: NonNullable<LayeredSettings['registries']>,
): NonNullable<EnvironmentConfig['registries']> {
  const entries = Object.entries(written).map(([name, login]) => [name, login === null ? {} : { login }] as const)
  return Object.fromEntries(entries)
}

function secretRules(written: NonNullable<LayeredSettings['secrets']>): Record<string, SecretRule> {
  const entries = Object.entries(written).map(([name, given]): [string, SecretRule] => {
    const { required, shared, format, length, alphabet, services, as, previous } = given ?? {}
    const range = length === undefined ? undefined : parseLength(length)
    return [
      name,
      {
        required: required ?? defaults.secrets.required,
        shared: shared ?? defaults.secrets.shared,
        services: services ?? [],
        as: as ?? defaults.secrets.as,
        ...compact({ format, length: range, alphabet, previous }),
      },
    ]
  })
  return Object.fromEntries(entries)
}

/** One command, or a list of commands. */
function commands(written: string[] | string[][] | undefined): string[][] {
  const single = written?.every(word => typeof word === 'string') === true && written.length > 0
  return single ? [written as string[]] : ((written ?? []) as string[][])
}

function listOf(written: string | string[] | undefined): string[] {
  return typeof written === 'string' ? [written] : (written ?? [])
}

function milliseconds(written: string | number | undefined, usual: string): number {
  return parseDuration(written ?? usual) ?? 0
}

function millisecondsOrOff(written: string | number | undefined, usual: string): number {
  return written === 'off' ? 0 : milliseconds(written, usual)
}

/** Without the fields that are undefined. */
function compact<Fields extends object>(fields: Fields): { [Key in keyof Fields]: Exclude<Fields[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]: Exclude<Fields[Key], undefined>
  }
}
