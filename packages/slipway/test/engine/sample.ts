import type { ComposeDocument } from '../../src/config/document.ts'
import type { Release, ReleaseId, ReleaseService } from '../../src/release/model.ts'

/** A rich Compose document as `docker compose config` prints it, and the roles of its services. */
export const document: ComposeDocument = {
  name: 'shop-prod',
  'x-team': { owner: 'ada' },
  services: {
    api: {
      build: { context: '/src', dockerfile: 'Dockerfile', args: { A: '1' } },
      platform: 'linux/amd64',
      container_name: 'api',
      command: ['node', 'api.js', '$$HOME'],
      environment: { DATABASE_URL: 'postgres://db', PRICE: 'a$$b', EMPTY: null },
      ports: [{ target: 3000, published: '8080' }],
      labels: { 'com.example.team': 'web', 'slipway.release': 'a lie' },
      depends_on: {
        db: { condition: 'service_healthy', required: true },
        mailer: { condition: 'service_started' },
        migrate: { condition: 'service_completed_successfully' },
      },
      networks: {
        default: null,
        inner: { aliases: ['backend'], ipv4_address: '172.30.0.9', priority: 10 },
        proxy: { ipv4_address: '10.0.0.9' },
      },
      links: ['mailer:mail', 'db:database'],
      deploy: { replicas: 2, resources: { limits: { memory: '268435456' } } },
      volumes: [{ type: 'volume', source: 'uploads', target: '/uploads' }],
      secrets: [{ source: 'token', target: '/run/secrets/token' }],
      healthcheck: { test: ['CMD', 'true'] },
      restart: 'unless-stopped',
      'x-own': true,
    },
    mailer: {
      image: 'shop/mailer:1',
      networks: { default: null },
      profiles: ['mail'],
      scale: 3,
      depends_on: { cache: { condition: 'service_started' } },
    },
    migrate: {
      build: { context: '/src' },
      command: ['true'],
      scale: 1,
      tty: true,
      networks: { inner: null },
      depends_on: { db: { condition: 'service_healthy' } },
    },
    db: {
      image: 'postgres:16-alpine',
      ports: [{ target: 5432, published: '5432', host_ip: '127.0.0.1' }],
      labels: { backup: 'yes' },
      networks: { inner: { aliases: ['database'] }, storage: null },
      volumes: [{ type: 'volume', source: 'data', target: '/var/lib/postgresql/data' }],
      secrets: [{ source: 'password', target: '/run/secrets/password' }],
      depends_on: { cache: { condition: 'service_started' }, api: { condition: 'service_started' } },
      profiles: ['db'],
      pull_policy: 'always',
    },
    cache: { build: { context: '/src/cache' }, networks: { default: null } },
  },
  networks: {
    default: { name: 'shop-prod_default' },
    inner: { name: 'shop-prod_inner', internal: true, ipam: { config: [{ subnet: '172.30.0.0/24' }] } },
    storage: { name: 'shop-prod_storage' },
    proxy: { name: 'company-proxy', external: true },
    unused: { name: 'shop-prod_unused' },
  },
  volumes: {
    data: { name: 'shop-prod_data', driver: 'local', driver_opts: { type: 'tmpfs' } },
    uploads: null,
    fixed: { name: 'our-own-name' },
    shared: { name: 'company-files', external: true },
  },
  secrets: {
    token: { name: 'shop-prod_token', file: '/r/secrets/token' },
    password: { file: '/r/state-files/beef/password' },
  },
  configs: { motd: { content: 'hello' } },
}

export const services: ReleaseService[] = [
  service('api', 'web'),
  service('mailer', 'worker'),
  service('migrate', 'job'),
  service('db', 'state'),
  service('cache', 'state'),
]

export const images: Record<string, string> = {
  api: 'sha256:aaaa',
  mailer: 'sha256:bbbb',
  migrate: 'sha256:cccc',
  db: 'sha256:dddd',
  cache: 'sha256:eeee',
}

export function release(id: ReleaseId, more: Partial<Release> = {}): Release {
  return {
    id,
    app: 'shop',
    environment: 'prod',
    project: 'shop-prod',
    createdAt: '2030-01-01T00:00:00.000Z',
    version: 'abc1234',
    services,
    images,
    fingerprint: 'f',
    stateFingerprint: 's',
    directory: `/srv/releases/${id}`,
    ...more,
  }
}

export function service(name: string, role: ReleaseService['role']): ReleaseService {
  const health = { intervalMs: 1000, deadlineMs: 60_000, timeoutMs: 2000 }
  return { name, role, hosts: [], health, replicas: 1, dockerHealth: false }
}
