import { describe, expect, it } from 'vitest'
import { unsetVariables } from '../../src/config/checks/variables.ts'
import type { EnvironmentConfig } from '../../src/config/model.ts'
import { readYaml } from '../../src/config/yaml.ts'
import { findings } from './subject.ts'

const none: EnvironmentConfig['edge'] = { mode: 'none', domains: [], trustedProxies: [] }
const web = 'services:\n  api:\n    build: {}\n    ports: [{ target: 3000, published: "3000" }]\n'

describe('checks', () => {
  it('has nothing to say of a good file', () => {
    expect(
      findings(`${web}  db:\n    image: postgres:16\n    volumes: [{ type: volume, source: data, target: /x }]\n`),
    ).toEqual([])
  })

  it('refuses a fixed name on what two releases bring', () => {
    expect(findings(`${web}    container_name: api\n`)).toEqual([
      'error compose.yaml:5:5 `api` has a fixed `container_name`: two releases could not run side by side',
    ])
  })

  it('finds the field in the file that holds it', () => {
    const document = `${web}    container_name: api\n`
    expect(findings(document, {}, 'app: shop\n', ['services:\n  api:\n    x: 1\n    container_name: api\n'])).toEqual([
      'error layer1.yaml:4:5 `api` has a fixed `container_name`: two releases could not run side by side',
    ])
  })

  it('refuses a web service without an edge, and its published port', () => {
    expect(findings(web, { edge: none }, 'app: shop\nedge: {}\n')).toEqual([
      'error slipway.yaml:2:1 `api` is a web service, but there is no `edge` to reach it',
      'error compose.yaml:4:5 web service `api` publishes port 3000 on the server: two releases could not run side by side',
    ])
  })

  it('refuses a published port on a worker', () => {
    expect(findings(web, { services: { api: { role: 'worker', hosts: [] } } })).toEqual([
      'error compose.yaml:4:5 worker `api` publishes port 3000 on the server: two releases could not run side by side',
      'warning compose.yaml:2:3 worker `api` has no health check: only a crash is noticed',
    ])
  })

  it('refuses a database that meets the app on a network of others', () => {
    const database = { service: 'db' }
    const compose = (ofDatabase: string): string =>
      `${web}    networks: { company: null, inner: null }\n  db:\n    image: postgres:16\n    networks: { ${ofDatabase}: null }\n    volumes: [{ type: volume, source: data, target: /x }]\nnetworks: { company: { external: true }, inner: {} }\n`
    expect(findings(compose('inner'), { database })).toEqual([])
    expect(findings(compose('company'), { database })).toEqual([
      'error compose.yaml:5:5 `api` and the database `db` share the external network `company`: while a migration holds requests, the old release could go on writing there',
    ])
  })

  it('wants a health check', () => {
    const health = { intervalMs: 1, deadlineMs: 1, timeoutMs: 1 }
    expect(findings(web, { health })).toEqual([
      'error compose.yaml:2:3 web service `api` has no health check: a broken release could not be told from a good one',
    ])
    expect(findings(`${web}    healthcheck: { test: [CMD, x] }\n`, { health })).toEqual([])
  })

  it('wants limits and versions in production, and its database for itself', () => {
    const compose = `${web}  db:\n    image: postgres\n    ports: [{ target: 5432, published: "5432" }]\n    volumes: [{ type: volume, source: d }]\n  cache:\n    image: redis:latest\n    mem_limit: "1"\n    ports: [{ target: 1, published: "1", host_ip: 127.0.0.1 }]\n    volumes: [{ type: volume, source: c }]\n`
    expect(findings(compose)).toEqual([])
    expect(findings(compose, { production: true })).toEqual([
      "warning compose.yaml:7:5 state service `db` is open to the network: Docker's ports pass by the firewall",
      'warning compose.yaml:2:3 `api` has no memory limit in production: a leak takes the whole server down',
      'warning compose.yaml:5:3 `db` has no memory limit in production: a leak takes the whole server down',
      'warning compose.yaml:6:5 the image of `db` has no tag: it changes without a release',
      'warning compose.yaml:10:5 the image of `cache` has the tag `latest`: it changes without a release',
    ])
  })

  it('sees secrets in clear, and never shows them', () => {
    const compose = `${web}    environment:
      JWT_SECRET: hunter2hunter2
      DATABASE_URL: postgresql://a:hunter2hunter2@db/x
      API_KEY: \${API_KEY}
      PRICE: $$hunter2
      STRIPE_KEY: ""
      TOKEN_TTL: 3600
      DB_PASSWORD_FILE: /run/secrets/x
      PUBLIC_KEY: abc
      ADMIN_TOKEN: a$$b
  job:
    build: { args: { NPM_TOKEN: hunter2hunter2 } }
    restart: "no"
    environment: [A=b, SMTP_PASS=hunter2hunter2, "GH_TOKEN=\${X}", PASSWORD]
`
    const told = findings(compose)
    expect(told).toEqual([
      'warning compose.yaml:6:7 JWT_SECRET looks like a secret and stands in the Compose file in clear',
      'warning compose.yaml:7:7 DATABASE_URL looks like a secret and stands in the Compose file in clear',
      'warning compose.yaml:14:7 ADMIN_TOKEN looks like a secret and stands in the Compose file in clear',
      'warning compose.yaml:18:24 SMTP_PASS looks like a secret and stands in the Compose file in clear',
      'warning compose.yaml:16:22 NPM_TOKEN looks like a secret and stands in the Compose file in clear',
    ])
    expect(told.join()).not.toContain('hunter2')
  })

  it('knows each service that slipway.yaml names', () => {
    const settings = 'app: shop\ndatabase: dbb\nmigrate: { service: apii, command: x }\nservices:\n  wrker: {}\n'
    const migrate = { service: 'apii', command: ['x'], files: [], timeoutMs: 1 }
    expect(
      findings(web, { database: { service: 'dbb' }, migrate, services: { wrker: { hosts: [] } } }, settings),
    ).toEqual([
      'error slipway.yaml:5:3 there is no service `wrker` in the Compose files',
      'error slipway.yaml:2:1 there is no service `dbb` in the Compose files',
      'error slipway.yaml:3:12 there is no service `apii` in the Compose files',
    ])
  })

  it('refuses a migration in a state service, and a database that is none', () => {
    const compose = `${web}  db:\n    image: postgres:16\n    volumes: [{ type: volume, source: d }]\n`
    const migrate = { service: 'db', command: ['x'], files: [], timeoutMs: 1 }
    const services = { api: { role: 'web' as const, hosts: [] } }
    expect(
      findings(
        compose,
        { migrate, services, database: { service: 'api' } },
        'app: shop\nmigrate:\n  service: db\ndatabase: api\n',
      ),
    ).toEqual([
      expect.stringMatching(/^error slipway.yaml:\d+:1 the database `api` is a web/),
      'error slipway.yaml:3:3 `migrate.service` is `db`, a state service: the migrator comes with a release',
    ])
  })

  it('warns of data that goes with its container', () => {
    const compose =
      'services:\n  db:\n    image: postgres:16\n  cache:\n    image: redis:7\n    volumes: [{ type: bind, source: /x }]\n'
    expect(findings(compose)).toEqual([
      'warning compose.yaml:3:5 state service `db` has no named volume: its data is gone with its container',
      'warning compose.yaml:6:5 state service `cache` keeps its data in a folder of the server, not in a named volume',
    ])
  })

  it("refuses the host's network on a web service", () => {
    expect(findings(`${web}    network_mode: host\n`)).toEqual([
      "error compose.yaml:5:5 web service `api` uses the host's network: two releases would want the same port",
    ])
  })

  it('refuses what the edge can not tell apart', () => {
    const two = `${web}  site:\n    build: {}\n    expose: ["80"]\n`
    expect(findings(two)).toEqual([
      'error compose.yaml:5:3 the edge can not tell `site` from `api`: both are web services without `hosts`',
    ])
    expect(findings(two, { services: { api: { hosts: ['a.example'] } } })).toEqual([])
    const settings = 'app: shop\nservices:\n  api: { hosts: [a.example] }\n  site: { hosts: [b.example, a.example] }\n'
    const claims = { api: { hosts: ['a.example'] }, site: { hosts: ['b.example', 'a.example'] } }
    expect(findings(two, { services: claims }, settings)).toEqual([
      'error slipway.yaml:4:30 the host a.example is claimed by `api` and by `site`',
    ])
  })

  it('refuses hosts on what the edge never sees', () => {
    const services = { api: { role: 'worker' as const, hosts: ['a.example'] } }
    expect(findings('services:\n  api:\n    build: {}\n    healthcheck: { test: x }\n', { services })).toEqual([
      'error slipway.yaml:1:1 `api` has `hosts` but is a worker: the edge sends it nothing',
    ])
  })

  it('refuses a port that a state service takes from the edge', () => {
    const compose =
      'services:\n  db:\n    image: postgres:16\n    volumes: [{ type: volume, source: d }]\n    ports: [{ target: 5432, published: "3000" }]\n'
    expect(findings(compose)).toEqual(['error compose.yaml:5:5 `db` publishes port 3000, where the edge should listen'])
    const edge: EnvironmentConfig['edge'] = {
      mode: 'address',
      listen: { host: '0.0.0.0', port: 0 },
      domains: [],
      trustedProxies: [],
    }
    expect(findings('services: {}', { edge })).toEqual(['error slipway.yaml:1:1 0 is not a port'])
  })

  it('does not stumble over rubbish in a document', () => {
    const odd =
      'services:\n  a: { ports: x, expose: 1, volumes: {}, deploy: [], healthcheck: 3, environment: 5, image: 7, depends_on: [1] }\n  b: {}\n'
    expect(() => findings(odd, { production: true })).not.toThrow()
  })
})

describe('unsetVariables', () => {
  it('finds the first use', () => {
    const text = 'services:\n  api:\n    image: x:${TAG}\n    command: [run, "${TAGS} $TAG_X", $LAST]\n'
    const layer = readYaml('c.yaml', new TextEncoder().encode(text))
    const told = unsetVariables(['LAST', 'TAG', 'TAG_X', 'NOWHERE'], [layer], '/x/.env')
    expect(told.map(({ line, column }) => `${line}:${column}`)).toEqual(['4:38', '3:12', '4:20', '0:0'])
    expect(told[0]).toMatchObject({
      severity: 'warning',
      file: 'c.yaml',
      mend: expect.stringContaining('/x/.env') as string,
    })
  })
})
