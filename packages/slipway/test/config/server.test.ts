import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import type { SlipwayError } from '../../src/support/errors.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-servers-'))
  await writeFile(join(directory, 'compose.yaml'), 'services: { web: { image: x, ports: ["3000"] } }\n')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function load(text: string, environment = 'prod') {
  const file = join(directory, 'slipway.yaml')
  await writeFile(file, `app: shop\nedge: { listen: "127.0.0.1:8080" }\n${text}\n`)
  return (await loadConfig(file, environment)).config
}

async function mistakes(text: string): Promise<string[]> {
  const thrown = (await load(text).catch((error: unknown) => error)) as SlipwayError
  expect(thrown.code).toBe('CONFIG_INVALID')
  return thrown.problems.map(problem => `${problem.line}:${problem.column} ${problem.message}. ${problem.mend}`)
}

test('an environment names its server; the rest is filled in', async () => {
  const text = 'servers: { vps: { host: shop.example.com } }\nenvironments: { prod: { server: vps }, dev: {} }'
  expect((await load(text)).server).toMatchObject({
    name: 'vps',
    host: 'shop.example.com',
    user: 'deploy',
    port: 22,
    home: '/var/lib/slipway',
  })
  expect((await load(text, 'dev')).server).toBeUndefined()
})

test('everything said, and local wins over the top level', async () => {
  const text = [
    'server: vps',
    'servers: { vps: { host: "fd00::1", user: root, port: 2222, identity: ~/.ssh/deploy, home: /srv/slipway } }',
    'environments: { prod: {}, here: { server: local } }',
  ].join('\n')
  expect((await load(text)).server).toMatchObject({
    host: 'fd00::1',
    user: 'root',
    port: 2222,
    identityFile: join(homedir(), '.ssh/deploy'),
    home: '/srv/slipway',
  })
  expect((await load(text, 'here')).server).toBeUndefined()
})

test('a server that is not described has its place told, and the name that was meant', async () => {
  const text = 'servers: { hetzner: { host: h } }\nenvironments:\n  prod:\n    server: hetzer'
  expect(await mistakes(text)).toEqual([
    expect.stringMatching(/^6:\d+ .*`servers` has no "hetzer".*Did you mean `hetzner`\?/),
  ])
})

test.each(['-oProxyCommand=touch x', 'a b', '$(touch x)', ';x', '', 'user@host', 'h\nx'])(
  'host %j is refused',
  async host => {
    await mistakes(`servers: { vps: { host: ${JSON.stringify(host)} } }\nenvironments: { prod: { server: vps } }`)
  },
)

test.each([
  ['user', '-l'],
  ['user', 'a b'],
  ['home', 'relative'],
  ['home', '/a/../b'],
  ['home', '/a:b'],
  ['home', '/'],
  ['runner', 'image:latest'],
  ['port', 0],
])('%s %j is refused', async (name, value) => {
  const server = JSON.stringify({ host: 'h', [name]: value })
  await mistakes(`servers: { vps: ${server} }\nenvironments: { prod: { server: vps } }`)
})

test('local is this machine and no name for another', async () => {
  await mistakes('servers: { local: { host: h } }\nenvironments: { prod: { server: local } }')
})
