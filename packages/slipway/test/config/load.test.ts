import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findConfig, listEnvironments, loadConfig } from '../../src/config/load.ts'
import { plainCompose, project } from './project.ts'

const babyBasics = `app: baby-basics
compose: [infra/docker-compose.yml]
env_file: .env
database: db
migrate: { service: api, command: [node, prisma/migrate-deploy.mjs], files: apps/api/prisma/migrations }
health: /api/v1/health
backups: { directory: /opt/backups, format: plain, keep: 5, daily: { keep_days: 30 } }
rollback: { data: restore }
environments:
  dev: { compose: [infra/docker-compose.dev.yml], edge: { listen: "0.0.0.0:3000" }, source: { git: { branch: develop } } }
  prod: { compose: [infra/docker-compose.prod.yml], edge: { listen: "0.0.0.0:3000" }, source: { git: { branch: main } }, production: true }
`

describe('loadConfig', () => {
  it('lets relative backups start where the code outlasts, and absolute ones where they are', async () => {
    const text =
      'app: shop\ncompose: c.yml\ndatabase: db\nedge: { listen: "127.0.0.1:80" }\nenvironments:\n  a: { backups: { directory: backups } }\n  b: { backups: { directory: ../beside } }\n  c: { backups: { directory: /opt/backups } }\n'
    const file = join(project({ 'slipway.yaml': text, 'c.yml': plainCompose }), 'slipway.yaml')
    const at = async (name: string) => (await loadConfig(file, name, '/srv/shop')).config.backups.directory
    expect([await at('a'), await at('b'), await at('c')]).toEqual(['/srv/shop/backups', '/srv/beside', '/opt/backups'])
  })

  it('takes the address of a repository from the top level and the branch from the environment', async () => {
    const text =
      'app: shop\ncompose: c.yml\nedge: { listen: "127.0.0.1:80" }\nsource: { git: { branch: main, repository: "https://git.example.com/a.git", token: GIT_TOKEN } }\nservers: { s: { host: h } }\nenvironments: { dev: { server: s, source: { git: { branch: develop } } } }\n'
    const file = join(project({ 'slipway.yaml': text, 'c.yml': plainCompose }), 'slipway.yaml')
    expect((await loadConfig(file, 'dev')).config.source).toEqual({
      kind: 'git',
      branch: 'develop',
      remote: 'origin',
      repository: 'https://git.example.com/a.git',
      token: 'GIT_TOKEN',
    })
  })

  it('lays an environment over the top level', async () => {
    const directory = project({
      'slipway.yaml': babyBasics,
      'infra/docker-compose.yml': plainCompose,
      'infra/docker-compose.dev.yml': 'services: {}',
      'apps/api/prisma/migrations/1.sql': '',
    })
    const { config, problems } = await loadConfig(join(directory, 'slipway.yaml'), 'dev')
    expect(problems).toEqual([])
    expect(config).toEqual({
      file: join(directory, 'slipway.yaml'),
      directory,
      app: 'baby-basics',
      environment: 'dev',
      project: 'baby-basics-dev',
      production: false,
      composeFiles: [join(directory, 'infra/docker-compose.yml'), join(directory, 'infra/docker-compose.dev.yml')],
      envFile: join(directory, '.env'),
      source: { kind: 'git', remote: 'origin', branch: 'develop' },
      services: {},
      health: { path: '/api/v1/health', intervalMs: 2000, deadlineMs: 30_000, timeoutMs: 5000 },
      migrate: {
        service: 'api',
        command: ['node', 'prisma/migrate-deploy.mjs'],
        files: [join(directory, 'apps/api/prisma/migrations')],
        timeoutMs: 600_000,
      },
      database: { service: 'db' },
      edge: { mode: 'address', listen: { host: '0.0.0.0', port: 3000 }, domains: [], trustedProxies: [] },
      hold: { limitMs: 30_000 },
      drain: { limitMs: 30_000 },
      rehearse: { mode: 'full', smoke: [], timeoutMs: 900_000 },
      watch: { forMs: 60_000 },
      warm: { forMs: 600_000 },
      hooks: { beforeDeploy: [], afterDeploy: [], onFailure: [], alert: [], timeoutMs: 60_000 },
      backups: { directory: '/opt/backups', format: 'plain', keep: 5, daily: { keepDays: 30 } },
      rollback: { data: 'restore' },
      retention: { releases: 5, databases: 1 },
      secrets: { file: join(directory, 'secrets/dev.yaml'), rules: {} },
      scan: { allow: [] },
    })
  })

  it('warns of a Compose file that only the branch may have', async () => {
    const directory = project({ 'slipway.yaml': babyBasics, 'infra/docker-compose.yml': plainCompose })
    const { problems } = await loadConfig(join(directory, 'slipway.yaml'), 'prod')
    expect(problems).toMatchObject([
      { severity: 'warning', line: 11, column: 21, path: 'environments.prod.compose.0' },
      { severity: 'warning', line: 5, column: 70, path: 'migrate.files' },
    ])
  })

  it('refuses migrations that are not there: they would never change', async () => {
    await expect(load('app: shop\nmigrate: { command: x, files: [compose.yaml, gone] }')).rejects.toMatchObject({
      problems: [{ line: 2, column: 46, path: 'migrate.files.1', message: 'the migrations "gone" are not there' }],
    })
  })

  it('tells the Compose file of the top level from that of the environment', async () => {
    const yaml =
      'app: shop\ncompose: [compose.yaml, gone.yml]\nenvironments:\n  dev: { compose: [compose.yaml, lost.yml] }\n'
    await expect(load(yaml, 'dev')).rejects.toMatchObject({
      problems: [
        { line: 2, column: 25, path: 'compose.1', message: 'there is no Compose file "gone.yml"' },
        { line: 4, column: 34, path: 'environments.dev.compose.1', message: 'there is no Compose file "lost.yml"' },
      ],
    })
  })

  it('takes a few lines, and an environment named local', async () => {
    const { config } = await load(
      'app: shop\nhealth: /health\nmigrate: npm run migrate\ndatabase: db\nedge: { domain: a.example }\n',
    )
    expect(config).toMatchObject({
      project: 'shop-local',
      production: false,
      source: { kind: 'directory' },
      migrate: { service: 'api', command: ['npm', 'run', 'migrate'], files: [], timeoutMs: 600_000 },
      edge: { mode: 'domains', domains: ['a.example'] },
      backups: { directory: '', format: 'custom', keep: 5 },
      rollback: { data: 'ask' },
    })
    expect(config.envFile).toBeUndefined()
  })

  it('merges groups, replaces values, and lets one kind of edge take the place of the other', async () => {
    const { config } = await load(
      `app: shop
health: /health
services: { api: { port: 4000, health: { timeout: 1s } } }
edge: { listen: "127.0.0.1:80", trusted_proxies: [10.0.0.1] }
hooks: { before_deploy: [npm, test], after_deploy: [[a], [b, c]] }
environments:
  prod:
    health: { deadline: 2m, interval: 0.5, warm_up: [/orders?limit=1] }
    services: { api: { hosts: [api.example], health: /ready } }
    edge: { domain: [a.example, b.example], email: ops@a.example }
    hooks: { before_deploy: [] }
    backups: { directory: ../kept }
`,
      'prod',
    )
    expect(config.health).toEqual({
      path: '/health',
      intervalMs: 500,
      deadlineMs: 120_000,
      timeoutMs: 5000,
      warmUp: ['/orders?limit=1'],
    })
    expect(config.services).toEqual({
      api: { port: 4000, hosts: ['api.example'], health: { path: '/ready', timeoutMs: 1000 } },
    })
    expect(config.edge).toEqual({
      mode: 'domains',
      domains: ['a.example', 'b.example'],
      email: 'ops@a.example',
      trustedProxies: ['10.0.0.1'],
    })
    expect(config.hooks).toMatchObject({ beforeDeploy: [], afterDeploy: [['a'], ['b', 'c']] })
    expect(config.backups.directory).toBe(join(config.directory, '../kept'))
  })

  it('finds the usual files beside slipway.yaml', async () => {
    const directory = project({ 'slipway.yaml': 'app: shop', 'docker-compose.yml': plainCompose, '.env': '' })
    const { config } = await loadConfig(join(directory, 'slipway.yaml'), 'local')
    expect(config).toMatchObject({
      composeFiles: [join(directory, 'docker-compose.yml')],
      envFile: join(directory, '.env'),
    })
  })

  it('says so when there is no Compose file at all', async () => {
    const directory = project({ 'slipway.yaml': 'app: shop' })
    await expect(loadConfig(join(directory, 'slipway.yaml'), 'local')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ message: expect.stringContaining('no Compose file') as string, line: 1 }],
    })
  })

  it('asks for the service when it can not tell whose image migrates', async () => {
    const compose = 'services:\n  api: { build: ., ports: ["1:1"] }\n  web: { build: ., ports: ["2:2"] }\n'
    await expect(load('app: shop\nmigrate: x', 'local', compose)).rejects.toMatchObject({
      problems: [{ line: 2, column: 1, path: 'migrate', mend: expect.stringContaining('api, web') as string }],
    })
  })

  it('takes the only built service when there is no web service', async () => {
    const compose = 'services:\n  jobs: { build: . }\n  db: { image: postgres:16 }\n'
    expect((await load('app: shop\nmigrate: x', 'local', compose)).config.migrate?.service).toBe('jobs')
  })

  it.each(['nope', '__proto__', 'constructor', '../x', '-x', ''])('knows no environment %j', async name => {
    await expect(load('app: shop\nenvironments: { dev: {}, prod: }', name)).rejects.toMatchObject({
      code: 'ENVIRONMENT_UNKNOWN',
      why: 'It has: dev, prod.',
    })
  })

  it('lists environments in the order of the file', async () => {
    const directory = project({
      'slipway.yaml': 'app: shop\nenvironments: { prod: , dev: {} }',
      'other.yaml': 'app: shop',
    })
    expect(await listEnvironments(join(directory, 'slipway.yaml'))).toEqual(['prod', 'dev'])
    expect(await listEnvironments(join(directory, 'other.yaml'))).toEqual(['local'])
  })
})

describe('findConfig', () => {
  it('walks up to the nearest', async () => {
    const directory = project({ 'slipway.yaml': 'app: shop', 'a/b/c/x': '', 'a/slipway.yaml/x': '' })
    expect(await findConfig(join(directory, 'a/b/c'))).toBe(join(directory, 'slipway.yaml'))
  })

  it('fails with the place where it looked', async () => {
    const directory = project({ x: '' })
    mkdirSync(join(directory, 'deep'))
    await expect(findConfig(join(directory, 'deep'))).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND', exitCode: 2 })
  })

  it('does not hang in a loop of links', async () => {
    const directory = project({ x: '' })
    symlinkSync(directory, join(directory, 'loop'))
    await expect(findConfig(join(directory, 'loop/loop/loop'))).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' })
  })
})

async function load(yaml: string, environment = 'local', compose = plainCompose) {
  const directory = project({ 'slipway.yaml': yaml, 'compose.yaml': compose })
  return loadConfig(join(directory, 'slipway.yaml'), environment)
}

describe('a repository', () => {
  const at = async (git: string, more = 'server: s, ') => {
    const text = `app: shop\ncompose: c.yml\nedge: { listen: "127.0.0.1:80" }\nservers: { s: { host: h } }\nenvironments: { dev: { ${more}source: { git: { ${git} } } } }\n`
    const file = join(project({ 'slipway.yaml': text, 'c.yml': plainCompose }), 'slipway.yaml')
    return loadConfig(file, 'dev').then(
      () => [],
      (error: unknown) =>
        (error as { problems: { path: string; message: string }[] }).problems.map(each => each.message),
    )
  }

  it.each([
    ['branch: main', ['`source.git` of an environment with a server has no `repository`']],
    ['branch: main, repository: "git@h:a.git", remote: origin', ['`source.git` has both `remote` and `repository`']],
    ['branch: main, repository: "git@h:a.git", token: T', ['`source.git.token` is for a `repository` of https']],
    ['branch: main, repository: "git@h:a.git"', []],
    ['branch: main, repository: "https://h/a.git", token: T', []],
  ])('%s', async (git, messages) => {
    expect(await at(git)).toEqual(messages)
  })

  it('is not needed on this machine', async () => {
    expect(await at('branch: main', '')).toEqual([])
    expect(await at('branch: main', 'server: local, ')).toEqual([])
  })
})
