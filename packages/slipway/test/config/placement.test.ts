import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig, loadServers } from '../../src/config/load.ts'
import type { EnvironmentConfig } from '../../src/config/model.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { plainCompose, project } from './project.ts'
import { environmentConfig, findings, placedServer } from './subject.ts'

const directory = project({ 'compose.yaml': plainCompose })
const file = join(directory, 'slipway.yaml')

/** What slipway.yaml of an app with four servers has to say of them. */
const servers = [
  'app: shop',
  'database: db',
  'servers:',
  '  a: { host: a.example.com }',
  '  b: { host: b.example.com }',
  '  c: { host: c.example.com }',
  '  d: { host: d.example.com, private_address: 10.0.0.4 }',
  '',
].join('\n')

async function mistakes(text: string): Promise<string[]> {
  writeFileSync(file, text)
  const error: unknown = await loadConfig(file, 'prod').then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error === undefined) return []
  if (!(error instanceof SlipwayError)) throw error
  return error.problems.map(({ line, column, message, mend }) => `${line}:${column} ${message} | ${mend}`)
}

describe('several servers of an environment', () => {
  it('each run their services; the one with the database decides', async () => {
    writeFileSync(
      file,
      `${servers}environments:\n  prod:\n    servers: { a: { services: [api] }, b: { services: [api] }, c: { services: [worker] }, d: { services: [db] } }\n`,
    )
    const { config } = await loadConfig(file, 'prod')
    expect(config.server).toBeUndefined()
    expect(config.placement?.decides).toBe('d')
    expect(config.placement?.database).toBe('db')
    expect(config.placement?.servers.map(({ name, host, services }) => [name, host, services])).toEqual([
      ['a', 'a.example.com', ['api']],
      ['b', 'b.example.com', ['api']],
      ['c', 'c.example.com', ['worker']],
      ['d', 'd.example.com', ['db']],
    ])
    expect((await loadServers(file)).environments).toEqual([{ name: 'prod', servers: ['a', 'b', 'c', 'd'] }])
  })

  it('without a database of ours the first decides', async () => {
    const text = servers.replace('database: db\n', '').replace('host: a.example.com', '$&, private_address: 10.0.0.1')
    writeFileSync(
      file,
      `${text}environments: { prod: { servers: { a: { services: [api] }, b: { services: [db] } } } }\n`,
    )
    expect((await loadConfig(file, 'prod')).config.placement?.decides).toBe('a')
  })

  it('take the place of the `server` of the top level', async () => {
    writeFileSync(
      file,
      `${servers}server: a\nenvironments:\n  dev: {}\n  prod: { servers: { a: { services: [api] }, d: { services: [db] } } }\n`,
    )
    const { config } = await loadConfig(file, 'prod')
    expect([config.server, config.placement?.servers.length]).toEqual([undefined, 2])
    expect((await loadConfig(file, 'dev')).config).toMatchObject({ server: { name: 'a' } })
    expect((await loadConfig(file, 'dev')).config.placement).toBeUndefined()
  })

  it.each([
    [
      'server: a\n    servers: { a: { services: [api] }, d: { services: [db] } }',
      ['10:5 the environment has both `server` and `servers` | Keep `server` for one server, or `servers` for a, d.'],
    ],
    [
      'servers: { a: { services: [api] }, dd: { services: [db] } }',
      ['10:40 `servers` has no "dd" | Did you mean `d`?'],
    ],
    [
      'servers: { aa: { services: [api] }, c: { services: [db] } }',
      [
        '10:16 `servers` has no "aa" | Did you mean `a`?',
        '10:41 the server `c` has no `private_address`, where the other servers reach it: it has the database `db` | Add it: `servers: { c: { private_address: 10.0.0.4 } }`, at the top level.',
      ],
    ],
    [
      'servers: { d: { services: [db, api] } }',
      ['10:5 `servers` of an environment names fewer than two | For one server that runs all services: `server: d`.'],
    ],
    [
      'servers: {}',
      [
        '10:5 `servers` of an environment names fewer than two | For one server that runs all services: `server: prod-1`.',
      ],
    ],
    [
      'servers: { d: { services: [api] }, c: { services: [db, db] } }',
      [
        '10:45 `c` has the service `db` twice | Leave it there once; for more containers of it set `deploy.replicas` in the Compose file.',
        '10:40 the server `c` has no `private_address`, where the other servers reach it: it has the database `db` | Add it: `servers: { c: { private_address: 10.0.0.4 } }`, at the top level.',
      ],
    ],
    [
      'servers: { a: {}, d: { services: [] } }',
      [
        '10:16 `environments.prod.servers.a.services` is missing | For example: `services: [api]` or `services: [db, worker]`.',
        '10:38 `environments.prod.servers.d.services` is an empty list | For example: `services: [api]` or `services: [db, worker]`.',
      ],
    ],
    [
      'servers: { a: { services: ["$(touch x)", --rm] }, d: { services: [db] } }',
      [
        '10:32 `environments.prod.servers.a.services.0`: "$(touch x)" is not the name of a Compose service | Use the name under `services:` of the Compose file: letters, digits, dot, underscore and hyphen.',
        '10:46 `environments.prod.servers.a.services.1`: "--rm" is not the name of a Compose service | Use the name under `services:` of the Compose file: letters, digits, dot, underscore and hyphen.',
      ],
    ],
  ])('told of %s', async (written, expected) => {
    expect(await mistakes(`${servers}environments:\n  prod:\n    ${written}\n`)).toEqual(expected)
  })

  it('are machines of their own', async () => {
    const text = servers.replace('c.example.com', 'd.example.com')
    expect(
      await mistakes(`${text}environments: { prod: { servers: { c: { services: [api] }, d: { services: [db] } } } }\n`),
    ).toEqual([
      '8:60 `c` and `d` are the same machine: d.example.com, port 22 | Put their services together under one of them.',
    ])
  })

  it.each(['10.0.0.4/8', 'db.internal', '10.0.0.4:5432', '-oProxyCommand=x', '', '10.0.0.4\n'])(
    'a private address is an address, not %j',
    async address => {
      const [first] = await mistakes(
        `app: shop\nservers: { a: { host: a.example.com, private_address: ${JSON.stringify(address)} } }`,
      )
      expect(first).toMatch(/is not an IP address \| Write the address alone/)
    },
  )
})

const compose = [
  'services:',
  '  api:',
  '    image: ghcr.io/shop/api@sha256:' + 'a'.repeat(64),
  '    expose: ["3000"]',
  '  worker:',
  '    image: ghcr.io/shop/worker:1',
  '    healthcheck: { test: [CMD, x] }',
  '  db:',
  '    image: postgres:16',
  '    volumes: [{ type: volume, source: data, target: /x }]',
  '',
].join('\n')

function placed(where: Record<string, string[]>, more: Partial<EnvironmentConfig> = {}): Partial<EnvironmentConfig> {
  const all = Object.entries(where).map(([name, services]) => placedServer(name, services))
  return {
    database: { service: 'db' },
    registries: { 'ghcr.io': {} },
    placement: { servers: all, decides: 'd', database: 'db' },
    ...more,
  }
}

const written = [
  'app: shop',
  'environments:',
  '  prod:',
  '    servers:',
  '      a: { services: [api] }',
  '      c: { services: [worker] }',
  '      d: { services: [db] }',
  '',
].join('\n')
const right = { a: ['api'], c: ['worker'], d: ['db'] }

describe('the services of several servers', () => {
  it('have nothing wrong when each is where it can be', () => {
    expect(findings(compose, placed(right), written)).toEqual([])
    expect(findings(compose, placed({ a: ['api'], b: ['api', 'worker'], c: ['worker'], d: ['db'] }), written)).toEqual(
      [],
    )
  })

  it('are known to the Compose files', () => {
    expect(findings(compose, placed({ ...right, a: ['api', 'wrker'] }), written)).toEqual([
      'error slipway.yaml:5:12 there is no service `wrker` in the Compose files',
    ])
  })

  it('are all somewhere', () => {
    expect(findings(compose, placed({ a: ['api'], d: ['db'] }), written)).toEqual([
      'error slipway.yaml:4:5 no server runs the worker `worker`',
    ])
  })

  it('hold data on one server alone', () => {
    expect(findings(compose, placed({ ...right, c: ['worker', 'db'] }), written)).toContain(
      'error slipway.yaml:7:12 the state service `db` is on `c` and on `d`: each would have data of its own',
    )
  })

  it('are no jobs', () => {
    const jobs = `${compose}  seed:\n    image: ghcr.io/shop/api:1\n    restart: "no"\n`
    expect(findings(jobs, placed(right), written)).toEqual([])
    expect(findings(jobs, placed({ ...right, a: ['api', 'seed'] }), written)).toEqual([
      'error slipway.yaml:5:12 `seed` is a job: it has no server of its own, `d` runs it for all',
    ])
  })

  it('have the same images everywhere', () => {
    const built = compose.replace(/image: ghcr.io.shop.api.*/, 'build: { context: . }')
    const command = { command: ['migrate'], files: [], timeoutMs: 1 }
    const migrate = { service: 'seed', ...command }
    const jobs = `${built}  seed:\n    build: { context: . }\n    restart: "no"\n`
    expect(findings(jobs, placed(right, { registries: {}, migrate }), written)).toEqual([
      'error compose.yaml:3:5 `api` is built: each of several servers would build an image of its own',
      'error compose.yaml:6:5 the image of `worker` has no digest: two servers could get two images',
      'error compose.yaml:12:5 `seed` is built: each of several servers would build an image of its own',
    ])
  })

  it('are not built where a digest names the image', () => {
    expect(
      findings(compose.replace('    expose', '    build: { context: . }\n    expose'), placed(right), written),
    ).toEqual([])
  })

  it('reach nothing but the database by its name on another server', () => {
    const both = compose
      .replace('expose: ["3000"]', 'expose: ["3000"]\n    depends_on: { db: {}, cache: {} }')
      .concat('  cache:\n    image: redis:7\n    volumes: [{ type: volume, source: kept, target: /x }]\n')
    expect(findings(both, placed({ ...right, d: ['db', 'cache'] }), written)).toEqual([
      'error compose.yaml:5:5 `api` on `a` depends on `cache`, which is on `d`: only the database is reached by its name from other servers',
    ])
    expect(findings(both, placed({ ...right, a: ['api', 'cache'] }), written)).toEqual([])
  })

  it('share no volume', () => {
    const uploads = '    volumes: [{ type: volume, source: uploads, target: /x }]'
    const shared = `${compose.replace('    expose', `${uploads}\n    expose`)}volumes:\n  uploads: {}\n`
    expect(findings(shared, placed(right), written)).toEqual([])
    expect(findings(shared, placed({ ...right, c: ['worker', 'api'] }), written)).toEqual([
      'warning compose.yaml:13:3 the volume `uploads` is another one on each of a, c: what is written to it on one is not on the others',
    ])
  })

  it('have certificates of their own, which may not work', () => {
    const edge = { mode: 'domains' as const, domains: ['x.example.com'], trustedProxies: [] }
    const both = placed({ ...right, c: ['worker', 'api'] }, { edge })
    expect(findings(compose, both, `${written}edge: { domain: x.example.com }\n`)).toEqual([
      'warning slipway.yaml:8:9 `api` is on 2 servers, and each wants certificates of its own for the same names',
    ])
  })

  it('of the web need an edge on each', () => {
    const edge = { mode: 'none' as const, domains: [], trustedProxies: [] }
    expect(findings(compose, placed({ ...right, c: ['worker', 'api'] }, { edge }), written)).toEqual([
      'error slipway.yaml:3:3 `api` is a web service, but there is no `edge` to reach it',
    ])
  })

  it('are not asked about when there is one server', () => {
    expect(environmentConfig().placement).toBeUndefined()
    expect(findings(compose)).toEqual([])
  })
})
