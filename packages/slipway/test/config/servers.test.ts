import { homedir } from 'node:os'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig, loadServers } from '../../src/config/load.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { plainCompose, project } from './project.ts'

const directory = project({ 'compose.yaml': plainCompose })
const file = join(directory, 'slipway.yaml')

const write = (content: string): void => writeFileSync(file, content)

describe('servers', () => {
  it('have every default filled in', async () => {
    write('app: shop\nservers: { prod-1: { host: 203.0.113.10 } }')
    const { servers, app } = await loadServers(file)
    expect(app).toBe('shop')
    expect(servers).toEqual([
      {
        name: 'prod-1',
        host: '203.0.113.10',
        user: 'deploy',
        port: 22,
        adminAddresses: [],
        openPorts: [],
        swapMegabytes: 2048,
        home: '/var/lib/slipway',
      },
    ])
  })

  it.each([
    ['~/.ssh/key', join(homedir(), '.ssh/key')],
    ['/keys/key', '/keys/key'],
    ['keys/key', join(directory, 'keys/key')],
  ])('take the private key %s as %s', async (identity, expected) => {
    write(`app: shop\nservers: { a: { host: a.example.com, identity: ${identity} } }`)
    expect((await loadServers(file)).servers[0]?.identityFile).toBe(expected)
  })

  it.each([
    ['512m', 512],
    ['4g', 4096],
    ['off', 0],
  ])('take swap %s as %i MB', async (swap, expected) => {
    write(`app: shop\nservers: { a: { host: a.example.com, swap: ${swap} } }`)
    expect((await loadServers(file)).servers[0]?.swapMegabytes).toBe(expected)
  })

  it('belong to environments', async () => {
    write('app: shop\nservers: { a: { host: a.example.com } }\nserver: a\nenvironments: { dev: {}, prod: {} }')
    expect((await loadServers(file)).environments).toEqual([
      { name: 'dev', servers: ['a'] },
      { name: 'prod', servers: ['a'] },
    ])
    expect((await loadConfig(file, 'prod')).config.server).toMatchObject({ name: 'a', host: 'a.example.com' })
  })

  it('that are not there are told of with the nearest that is', async () => {
    write('app: shop\nservers: { prod-1: { host: a.example.com } }\nenvironments: { prod: { server: prod-2 } }')
    const error = await loadConfig(file, 'prod').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(SlipwayError)
    expect((error as SlipwayError).problems).toEqual([
      expect.objectContaining({ line: 3, path: 'environments.prod.server', mend: 'Did you mean `prod-1`?' }),
    ])
  })
})

describe('a server that is not one', () => {
  it.each([
    ['an option', 'host: "-oProxyCommand=touch marker"'],
    ['a command', 'host: "$(touch marker)"'],
    ['a user in it', 'host: root@a.example.com'],
    ['a port in it', 'host: "a.example.com:22"'],
    ['blanks', 'host: "a b"'],
    ['a line break', 'host: "a\\nb"'],
    ['an address that is none', 'host: 1.2.3.400.'],
    ['a user like an option', 'host: a.example.com, user: "-l"'],
    ['a user like a command', 'host: a.example.com, user: "a;b"'],
    ['a path with a NUL', 'host: a.example.com, identity: "a\\0b"'],
    ['no port', 'host: a.example.com, port: 0'],
    ['a network that is none', 'host: a.example.com, admin_addresses: [everywhere]'],
    ['no host', 'user: deploy'],
    ['swap without a unit', 'host: a.example.com, swap: "4"'],
  ])('%s is refused', async (_, settings) => {
    write(`app: shop\nservers: { a: { ${settings} } }`)
    await expect(loadServers(file)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})
