import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { usedSecrets } from '../../src/config/used-secrets.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-used-'))
  return () => rm(folder, { recursive: true, force: true })
})

async function used(files: Record<string, string>, names: string[], settings = ''): Promise<string[]> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  const file = join(folder, 'slipway.yaml')
  await writeFile(file, `app: shop\n${settings}\nenvironments: { prod: {} }\n`)
  const { config } = await loadConfig(file, 'prod')
  const found = await usedSecrets(config, names)
  return names.filter(name => found.has(name))
}

test.each([
  ['a variable', 'services: { a: { environment: { X: "x${NAME:-y}z" } } }'],
  ['a variable without braces', 'services: { a: { environment: ["X=$NAME"] } }'],
  ['a variable that is handed on', 'services: { a: { environment: [NAME] } }'],
  ['a secret', 'services: { a: { secrets: [NAME] } }\nsecrets: { NAME: { file: ./x } }'],
  ['the variable of a secret', 'services: { a: { secrets: [s] } }\nsecrets: { s: { environment: NAME } }'],
  ['an argument of a build', 'services: { a: { build: { context: ., args: { X: "${NAME}" } } } }'],
])('%s of a Compose file is used; a longer name is another', async (_, compose) => {
  expect(await used({ 'compose.yaml': compose }, ['NAME', 'NAM', 'NAME_TOO'])).toEqual(['NAME'])
})

test('what Compose files include, extend and read variables from counts too', async () => {
  const files = {
    'compose.yaml': 'include: [more/one.yaml, { path: [two.yaml] }]\nservices: { a: { env_file: [a.env, gone.env] } }',
    'more/one.yaml': 'services: { b: { extends: { file: base.yaml, service: b }, image: "${ONE}" } }',
    'more/base.yaml': 'services: { b: { image: "${BASE}" } }',
    'two.yaml': 'services: { c: { image: "${TWO}", env_file: { path: c.env } } }',
    'a.env': 'URL=postgres://a:${OF_A}@db\n',
    'c.env': 'URL=${OF_C}\n',
    '.env': 'URL=${OF_ALL}\n',
  }
  const names = ['ONE', 'BASE', 'TWO', 'OF_A', 'OF_C', 'OF_ALL']
  expect(await used(files, [...names, 'NONE'])).toEqual(names)
})

test('the login of a registry, the token of the repository and the value of before are used', async () => {
  const settings = [
    'registries: { ghcr.io: { user: shop, password: GHCR_TOKEN } }',
    'secrets: { JWT: { previous: JWT_OLD } }',
    'source: { git: { branch: main, repository: "https://example.com/shop.git", token: GIT_LOGIN } }',
  ].join('\n')
  const names = ['GHCR_TOKEN', 'JWT_OLD', 'GIT_LOGIN']
  expect(await used({ 'compose.yaml': 'services: {}' }, [...names, 'NONE'], settings)).toEqual(names)
})

test('where a part can not be read, everything may be used', async () => {
  expect(await used({ 'compose.yaml': 'include: ["${WHERE}/x.yaml"]' }, ['A', 'B'])).toEqual(['A', 'B'])
})
