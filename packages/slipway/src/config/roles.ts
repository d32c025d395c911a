import type { Problem } from '../support/errors.ts'
import type { ComposeDocument, ComposeService } from './document.ts'
import type { EnvironmentConfig, HealthConfig, ServiceConfig, ServiceRole } from './model.ts'
import { isStateImage } from './state-images.ts'

/** What each service of the Compose files is: its role, its port, its health. What slipway.yaml says wins. */
export function detectServices(document: ComposeDocument, config: EnvironmentConfig): DetectedServices {
  const awaited = servicesAwaitedToComplete(document)
  const problems: Problem[] = []
  const services = Object.entries(document.services).map(([name, service]): DetectedService => {
    const said = own(config.services, name)
    const role = said?.role ?? detectRole(name, service, said, awaited, config)
    const port = role === 'web' ? (said?.port ?? firstPort(service)) : undefined
    if (role === 'web' && port === undefined) problems.push(portUnknown(name, config))
    const replicas = replicasOf(role, service)
    if (role === 'web' && replicas === 0) problems.push(nobodyAnswers(name, config))
    return {
      name,
      role,
      ...(port === undefined ? {} : { port }),
      hosts: role === 'web' ? (said?.hosts ?? []) : [],
      health: healthOf(role, said, config),
      replicas,
      dockerHealth: hasHealthCheck(service),
    }
  })
  return { services, problems }
}

export interface DetectedServices {
  services: DetectedService[]
  problems: Problem[]
}

/** The same shape as a release's service. */
export interface DetectedService {
  name: string
  role: ServiceRole
  port?: number
  hosts: string[]
  health: HealthConfig
  replicas: number
  dockerHealth: boolean
}

function detectRole(
  name: string,
  service: ComposeService,
  said: ServiceConfig | undefined,
  awaited: ReadonlySet<string>,
  config: EnvironmentConfig,
): ServiceRole {
  if (config.database?.service === name || config.placement?.database === name) return 'state'
  if (service.build === undefined && typeof service.image === 'string' && isStateImage(service.image)) return 'state'
  if (awaited.has(name)) return 'job'
  const open = portsOf(service).length > 0 || exposedOf(service).length > 0
  const wanted = said?.port !== undefined || said?.health !== undefined || (said?.hosts.length ?? 0) > 0
  if (open || wanted) return 'web'
  const once = service.restart === 'no'
  return once && !hasHealthCheck(service) ? 'job' : 'worker'
}

/** A service that another one waits for until it has completed can only be one that ends. */
function servicesAwaitedToComplete(document: ComposeDocument): Set<string> {
  const awaited = new Set<string>()
  for (const service of Object.values(document.services)) {
    const dependsOn = service.depends_on
    if (typeof dependsOn !== 'object' || dependsOn === null || Array.isArray(dependsOn)) continue
    for (const [name, how] of Object.entries(dependsOn)) {
      if (field(how, 'condition') === 'service_completed_successfully') awaited.add(name)
    }
  }
  return awaited
}

function firstPort(service: ComposeService): number | undefined {
  for (const port of portsOf(service)) {
    const target = portNumber(typeof port === 'string' ? port.split(':').at(-1) : (field(port, 'target') ?? port))
    if (target !== undefined) return target
  }
  return exposedOf(service)
    .map(portNumber)
    .find(port => port !== undefined)
}

/** `3000`, `"3000/tcp"`, `"3000-3005"`: the first number. UDP is not for the edge. */
function portNumber(written: unknown): number | undefined {
  const match = /^([0-9]{1,5})(?:-[0-9]{1,5})?(?:\/tcp)?$/.exec(String(written))
  const port = Number(match?.[1])
  return port >= 1 && port <= 65535 ? port : undefined
}

export function portsOf(service: ComposeService): unknown[] {
  return Array.isArray(service.ports) ? service.ports : []
}

function exposedOf(service: ComposeService): unknown[] {
  return Array.isArray(service.expose) ? service.expose : []
}

/** The path is asked through the edge's door, so it is for web services, or where a person said so. */
function healthOf(role: ServiceRole, said: ServiceConfig | undefined, config: EnvironmentConfig): HealthConfig {
  const { path, warmUp, ...timing } = config.health
  const shared = { ...(path === undefined ? {} : { path }), ...(warmUp === undefined ? {} : { warmUp }) }
  return { ...timing, ...(role === 'web' ? shared : {}), ...said?.health }
}

function replicasOf(role: ServiceRole, service: ComposeService): number {
  if (role === 'state' || role === 'job') return 1
  const written = Number(field(service.deploy, 'replicas') ?? service.scale ?? 1)
  return Number.isInteger(written) && written >= 0 ? written : 1
}

export function hasHealthCheck(service: ComposeService): boolean {
  const check = service.healthcheck
  if (typeof check !== 'object' || check === null || field(check, 'disable') === true) return false
  const test = field(check, 'test')
  // Only its timing: the image brings the check itself.
  if (test === undefined || test === null) return Object.keys(check).length > 0
  return !(Array.isArray(test) ? test[0] === 'NONE' || test.length === 0 : test === 'NONE' || test === '')
}

function portUnknown(name: string, config: EnvironmentConfig): Problem {
  return mistake(
    config,
    `services.${name}.port`,
    `the port of web service \`${name}\` is not known`,
    `Say it in slipway.yaml: \`services: { ${name}: { port: 3000 } }\`, or \`expose\` it in the Compose file.`,
  )
}

function nobodyAnswers(name: string, config: EnvironmentConfig): Problem {
  return mistake(
    config,
    `services.${name}`,
    `web service \`${name}\` has no replicas: nobody would answer for it`,
    'Give it one in the Compose file (`deploy.replicas`, `scale`), or take the service out.',
  )
}

function mistake({ file }: EnvironmentConfig, path: string, message: string, mend: string): Problem {
  return { severity: 'error', file, line: 0, column: 0, path, message, mend }
}

/** A field of a loosely typed value, never anything that objects inherit. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}

/** Service names can be `constructor`: only own entries count. */
export function own<Value>(record: Record<string, Value>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
