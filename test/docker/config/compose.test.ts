import { cpSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { checkEnvironment } from '../../../packages/slipway/src/config/check-environment.ts'
import { readCompose } from '../../../packages/slipway/src/config/compose.ts'
import { loadConfig } from '../../../packages/slipway/src/config/load.ts'
import { SlipwayError } from '../../../packages/slipway/src/support/errors.ts'
import { project } from '../../../packages/slipway/test/config/project.ts'

const settings = 'app: shop\nhealth: /health\nedge: { listen: "127.0.0.1:3000" }\n'
const outside = { ...process.env }
afterEach(() => {
  process.env = { ...outside }
})

describe('docker compose config', () => {
  it('resolves layers and variables, keeps x- fields, and gives volumes names of their own', async () => {
    const document = await read({
      'slipway.yaml': `${settings}compose: [infra/a.yml, infra/b.yml]\n`,
      '.env': 'TAG=7\n',
      'infra/a.yml':
        'services:\n  api: { image: "x:${TAG}", x-team: { a: 1 }, ports: ["3000"], volumes: ["data:/data"] }\nvolumes: { data: }\n',
      'infra/b.yml':
        'services: { api: { environment: { A: "$$b", WHERE: "${PWD}", P: "${COMPOSE_PROJECT_NAME}" } } }\n',
    })
    expect(document).toMatchObject({
      name: 'shop-local',
      services: {
        api: {
          image: 'x:7',
          'x-team': { a: 1 },
          ports: [{ target: 3000 }],
          environment: { A: '$$b', P: 'shop-local' },
        },
      },
      volumes: { data: { name: 'shop-local_data' } },
      networks: { default: { name: 'shop-local_default' } },
    })
    expect(document.missingVariables).toEqual([])
  })

  it('leaves nothing behind of what services share: a value in it would not be known for a secret', async () => {
    const document = await read({
      'slipway.yaml': settings,
      '.env': 'PASSWORD=hunter2-x\n',
      'compose.yaml':
        'x-app: &app { image: x, environment: { A: "${PASSWORD}" } }\nservices: { api: { <<: *app }, b: { image: y } }\n',
    })
    expect(document.services['api']).toMatchObject({ image: 'x', environment: { A: 'hunter2-x' } })
    expect(Object.keys(document)).not.toContain('x-app')
  })

  it('does not listen to the variables of a shell', async () => {
    Object.assign(process.env, {
      COMPOSE_FILE: '/nowhere.yml',
      COMPOSE_PROJECT_NAME: 'other',
      COMPOSE_ENV_FILES: '/nowhere.env',
      COMPOSE_DISABLE_ENV_FILE: 'true',
      COMPOSE_PROFILES: 'tools',
    })
    const compose =
      'services:\n  a: { image: "x:${TAG}" }\n  b: { image: y, profiles: [tools] }\n  c: { image: y, profiles: [other] }\n'
    const document = await read({ 'slipway.yaml': settings, 'compose.yaml': compose, '.env': 'TAG=1\n' })
    expect(document).toMatchObject({ name: 'shop-local', services: { a: { image: 'x:1' } } })
    expect(Object.keys(document.services)).toEqual(['a', 'b'])
  })

  it('collects variables that are not set', async () => {
    const compose =
      'services:\n  a: { image: "x:${SLIPWAY_TEST_ONE}", command: "$SLIPWAY_TEST_TWO $SLIPWAY_TEST_ONE" }\n'
    const document = await read({ 'slipway.yaml': settings, 'compose.yaml': compose })
    expect(document.missingVariables).toEqual(['SLIPWAY_TEST_ONE', 'SLIPWAY_TEST_TWO'])
  })

  it.each([
    ['${SLIPWAY_TEST_KEY:?say it}', 'SECRET_MISSING', /SLIPWAY_TEST_KEY/],
    ['${SLIPWAY_TEST_KEY?}', 'SECRET_MISSING', /SLIPWAY_TEST_KEY/],
    ['${SLIPWAY_TEST_KEY', 'COMPOSE_INVALID', /interpolation|\$/],
  ])('%s fails with %s', async (image, code, why) => {
    const error = await failure({
      'slipway.yaml': settings,
      'compose.yaml': `services:\n  a: { image: "x:${image}" }\n`,
    })
    expect(error.code).toBe(code)
    expect(error.why).toMatch(why)
  })

  it.each([
    ['a wrong key', 'services: { a: { imagee: x } }', /imagee is not allowed/],
    ['YAML that ends early', 'services: { a: { image: x }', /yaml/],
    ['an unknown network', 'services: { a: { image: x, networks: [n] } }', /undefined network n/],
    ['no services that make sense', 'services: [a]', /services/],
    ['a text', 'hello', /./],
  ])('carries the words of Compose about %s', async (_, compose, words) => {
    const error = await failure({ 'slipway.yaml': settings, 'compose.yaml': compose })
    expect(error.code).toBe('COMPOSE_INVALID')
    expect([error.why, ...error.output].join('\n')).toMatch(words)
  })

  it.each([
    ['a port', 'DB_PASSWORD=hunter2hunter2\n'],
    ['an open quote', 'X=1\nDB_PASSWORD="hunter2hunter2\nY=2\n'],
    ['a key with a blank', 'DB PASSWORD=hunter2hunter2\n'],
    ['a key with a sign', 'hunter2hunter2=\n$hunter2hunter2'],
  ])('shows no secret when it fails: %s', async (_, environment) => {
    const compose = 'services:\n  a: { image: x, ports: ["${DB_PASSWORD}"] }\n'
    const error = await failure({ 'slipway.yaml': settings, 'compose.yaml': compose, '.env': environment })
    expect(JSON.stringify([error.message, error.why, error.next, error.output])).not.toContain('hunter2')
  })

  it('never runs what a Compose file or an env file holds', async () => {
    const directory = project({})
    const marker = join(directory, 'marker')
    const payload = `$$(touch ${marker}); \`touch ${marker}\``
    const compose = JSON.stringify({
      services: { a: { image: 'x', command: payload, labels: { [payload]: payload } } },
    })
    await read({
      'slipway.yaml': settings,
      'compose.yaml': compose,
      '.env': `A=$(touch ${marker})\nB='; touch ${marker}'\n`,
    })
    expect(existsSync(marker)).toBe(false)
  })

  it('takes services that are named like what objects inherit', async () => {
    const compose = 'services:\n  constructor: { image: x, restart: "no" }\n  __proto__: { image: x }\n'
    const directory = project({ 'slipway.yaml': settings, 'compose.yaml': compose })
    const { services } = await checkEnvironment(join(directory, 'slipway.yaml'), 'local')
    expect(services.map(({ name, role }) => `${name} ${role}`).sort()).toEqual(['__proto__ worker', 'constructor job'])
  })
})

describe('checkEnvironment', () => {
  it('finds everything wrong at once, each at its place', async () => {
    const compose = `services:
  api:
    build: .
    container_name: api
    ports: ["3000:3000"]
    environment:
      SMTP_PASSWORD: hunter2hunter2
      GREETING: "hello \${SLIPWAY_TEST_NAME}"
  db:
    image: postgres
`
    const yaml = 'app: shop\ndatabase: dbb\nmigrate: x\nproduction: true\n'
    const directory = project({ 'slipway.yaml': yaml, 'compose.yaml': compose })
    const { problems } = await checkEnvironment(join(directory, 'slipway.yaml'), 'local')
    const told = problems.map(
      each => `${each.severity} ${each.file.replace(`${directory}/`, '')}:${each.line}:${each.column} ${each.message}`,
    )
    expect(told).toEqual([
      'error compose.yaml:2:3 web service `api` has no health check: a broken release could not be told from a good one',
      'error compose.yaml:4:5 `api` has a fixed `container_name`: two releases could not run side by side',
      'error compose.yaml:5:5 web service `api` publishes port 3000 on the server: two releases could not run side by side',
      'error slipway.yaml:1:1 `api` is a web service, but there is no `edge` to reach it',
      'error slipway.yaml:2:1 there is no service `dbb` in the Compose files',
      'warning compose.yaml:2:3 `api` has no memory limit in production: a leak takes the whole server down',
      'warning compose.yaml:7:7 SMTP_PASSWORD looks like a secret and stands in the Compose file in clear',
      'warning compose.yaml:8:17 the variable SLIPWAY_TEST_NAME is not set: Compose puts a blank in its place',
      'warning compose.yaml:9:3 `db` has no memory limit in production: a leak takes the whole server down',
      'warning compose.yaml:10:5 state service `db` has no named volume: its data is gone with its container',
      'warning compose.yaml:10:5 the image of `db` has no tag: it changes without a release',
    ])
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })

  it.each(['dev', 'prod'])('finds no error in examples/baby-basics, %s', async environment => {
    const example = join(import.meta.dirname, '../../../examples/baby-basics')
    const migration = 'apps/api/prisma/migrations/1.sql'
    const copy = project({ '.env': readFileSync(join(example, '.env.example')), [migration]: '' })
    for (const name of ['slipway.yaml', 'infra']) cpSync(join(example, name), join(copy, name), { recursive: true })
    const { problems, services } = await checkEnvironment(join(copy, 'slipway.yaml'), environment)
    expect(problems.filter(problem => problem.severity === 'error')).toEqual([])
    expect(services.map(({ name, role }) => `${name} ${role}`)).toEqual(['api web', 'db state'])
  })
})

async function read(files: Record<string, string>) {
  const directory = project(files)
  const { config } = await loadConfig(join(directory, 'slipway.yaml'), 'local')
  return readCompose(config)
}

async function failure(files: Record<string, string>): Promise<SlipwayError> {
  const thrown: unknown = await read(files).catch((error: unknown) => error)
  if (thrown instanceof SlipwayError) return thrown
  throw new Error('it was taken for right')
}
