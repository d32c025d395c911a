import { checkServices } from '../../src/config/check.ts'
import type { ComposeDocument } from '../../src/config/document.ts'
import { locator } from '../../src/config/locate.ts'
import type { EnvironmentConfig, PlacedServer } from '../../src/config/model.ts'
import { detectServices } from '../../src/config/roles.ts'
import { readYaml } from '../../src/config/yaml.ts'

export function placedServer(name: string, services: string[]): PlacedServer {
  return {
    name,
    host: `${name}.example.com`,
    user: 'deploy',
    port: 22,
    adminAddresses: [],
    openPorts: [],
    swapMegabytes: 0,
    home: '/var/lib/slipway',
    services,
  }
}

/** An environment that is right in all that a test does not say. */
export function environmentConfig(overrides: Partial<EnvironmentConfig> = {}): EnvironmentConfig {
  return {
    file: '/project/slipway.yaml',
    directory: '/project',
    app: 'shop',
    environment: 'prod',
    project: 'shop-prod',
    production: false,
    composeFiles: ['/project/compose.yaml'],
    source: { kind: 'directory' },
    services: {},
    health: { path: '/health', intervalMs: 2000, deadlineMs: 30_000, timeoutMs: 5000 },
    edge: { mode: 'address', listen: { host: '0.0.0.0', port: 3000 }, domains: [], trustedProxies: [] },
    hold: { limitMs: 30_000 },
    drain: { limitMs: 10_000 },
    rehearse: { mode: 'full', smoke: [], timeoutMs: 900_000 },
    watch: { forMs: 60_000 },
    warm: { forMs: 600_000 },
    hooks: { beforeDeploy: [], afterDeploy: [], onFailure: [], alert: [], timeoutMs: 60_000 },
    backups: { directory: '', format: 'custom', keep: 5, daily: { keepDays: 30 } },
    rollback: { data: 'ask' },
    retention: { releases: 5, databases: 1 },
    secrets: { file: '/project/secrets/prod.yaml', rules: {} },
    scan: { allow: [] },
    ...overrides,
  }
}

/** What the checks say of a Compose file in Compose's long form: `error compose.yaml:3:5 message`. */
export function findings(
  compose: string,
  overrides: Partial<EnvironmentConfig> = {},
  settings = 'app: shop\n',
  layers: string[] = [],
) {
  const config = environmentConfig(overrides)
  const encode = (text: string) => new TextEncoder().encode(text)
  const base = readYaml('/project/compose.yaml', encode(compose))
  const more = layers.map((text, index) => readYaml(`/project/layer${index + 1}.yaml`, encode(text)))
  const document = base.value as ComposeDocument
  const places = locator(config, readYaml(config.file, encode(settings)), [base, ...more])
  const { services } = detectServices(document, config)
  return checkServices({ config, document, services, locator: places }).map(
    ({ severity, file, line, column, message }) =>
      `${severity} ${file.replace('/project/', '')}:${line}:${column} ${message}`,
  )
}
