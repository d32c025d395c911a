import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { plainCompose, project } from './project.ts'

const directory = project({ 'compose.yaml': plainCompose })
const file = join(directory, 'slipway.yaml')
const load = async (content: string) => {
  writeFileSync(file, `app: shop\nedge: { listen: "127.0.0.1:80" }\n${content}`)
  return (await loadConfig(file, 'prod')).config.registries
}
const refused = (name: string, login = '{ user: bot, password: TOKEN }') =>
  load(`registries: { ${JSON.stringify(name)}: ${login} }\nenvironments: { prod: }`).then(
    () => 'taken',
    (error: unknown) => (error instanceof SlipwayError ? error.problems.map(each => each.message).join() : 'bug'),
  )

describe('registries', () => {
  it('are named as images name them, with or without a login, and an environment may say otherwise', async () => {
    expect(await load('environments: { prod: }')).toBeUndefined()
    expect(
      await load(
        `registries: { ghcr.io: { user: bot, password: TOKEN }, "localhost:5000": , docker.io: }
environments: { prod: { registries: { ghcr.io: { user: prod-bot, password: PROD_TOKEN } } } }
`,
      ),
    ).toEqual({
      'ghcr.io': { login: { user: 'prod-bot', password: 'PROD_TOKEN' } },
      'localhost:5000': {},
      'docker.io': {},
    })
  })

  it.each([
    'ghcr',
    'https://ghcr.io',
    'ghcr.io/shop',
    '--help.x',
    'ghcr.io;id',
    'ghcr.io\nx',
    'GHCR.io',
    'a.b:',
    '.',
    '',
  ])('%j is no registry', async name => expect(await refused(name)).toMatch(/registr/))

  it.each([
    '{ user: bot }',
    '{ password: TOKEN }',
    '{ user: "-u", password: T }',
    '{ user: "a b", password: T }',
    '{ user: a, password: "a$(id)" }',
    'x',
  ])('%s is no login', async login => expect(await refused('ghcr.io', login)).not.toBe('taken'))
})
