import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { provePlacement } from '../../../src/cli/wiring/placement.ts'
import type { ResolvedSource } from '../../../src/cli/wiring/resolve.ts'
import type { ComposeDocument } from '../../../src/config/document.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { configOn } from '../../../src/config/part.ts'
import { detectServices } from '../../../src/config/roles.ts'

let directory = ''
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'slipway-placement-'))))
afterAll(() => rm(directory, { recursive: true, force: true }))

const image = `ghcr.io/shop/api@sha256:${'a'.repeat(64)}`

async function source(services: ComposeDocument['services'], onA = '[api]'): Promise<ResolvedSource> {
  const file = join(directory, 'slipway.yaml')
  await writeFile(join(directory, 'compose.yaml'), JSON.stringify({ services }, null, 1))
  await writeFile(
    file,
    `app: shop
database: db
health: /health
edge: { listen: "0.0.0.0:3000" }
servers: { a: { host: a.example.com, private_address: 10.0.0.1 }, d: { host: d.example.com, private_address: 10.0.0.4 } }
environments: { prod: { servers: { a: { services: ${onA} }, d: { services: [db] } } } }
`,
  )
  const config = configOn((await loadConfig(file, 'prod')).config, 'a')
  const document = { services }
  return { config, document, services: detectServices(document, config).services } as unknown as ResolvedSource
}

const api = { image, expose: [3000] }
const db = { image: 'postgres:16' }

test('a server begins when every service has a place, and an image that is the same everywhere', async () => {
  await expect(provePlacement(await source({ api, db }))).resolves.toBeUndefined()
})

test.each([
  ['is on no server', { api, db, worker: { image } }, '[api]', 'no server runs the worker `worker`'],
  [
    'is built on each',
    { api: { build: { context: '.' }, expose: [3000] }, db },
    '[api]',
    '`api` is built: each of several servers would build an image of its own',
  ],
  [
    'has two places and one state',
    { api, db },
    '[api, db]',
    'the state service `db` is on `a` and on `d`: each would have data of its own',
  ],
])('but not when one %s', async (_what, services, onA, message) => {
  const refused = provePlacement(await source(services as ComposeDocument['services'], onA))
  await expect(refused).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    state: 'nothing was changed',
    problems: [{ message }],
  })
})
