import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fetchThere } from '../../../src/cli/remote/fetch-there.ts'
import type { Session } from '../../../src/cli/remote/session.ts'
import type { GitSource } from '../../../src/cli/wiring/git-source.ts'
import type { EnvironmentConfig } from '../../../src/config/model.ts'
import { newIdentity, recipientOf } from '../../../src/secrets/age.ts'
import { newSecrets, withValues } from '../../../src/secrets/change.ts'
import { printSealedFile } from '../../../src/secrets/sealed-yaml.ts'

let directory: string
let asked: [string, Record<string, unknown>][]
const notes: string[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-there-'))
  asked = []
  vi.stubEnv('MARK', 'set here')
  vi.stubEnv('OTHER', 'nobody asks for it')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true, force: true })
})

const pin = () => writeFile(join(directory, 'slipway.hosts'), 'git.example.com ssh-ed25519 AAAAkey git\n')

async function there(
  given: Partial<GitSource> = {},
  answered: Record<string, unknown> = {},
  change: object = {},
): Promise<string> {
  const session = {
    server: 'lab',
    ask: async (call: string, sent: Record<string, unknown>) => {
      asked.push([call, sent])
      return call === 'fetch'
        ? { commit: { sha: 'a'.repeat(40) }, asked: ['MARK', 'UNSET'], ...answered }
        : { folder: '/there' }
    },
  } as unknown as Session
  const source: GitSource = {
    kind: 'git',
    branch: 'main',
    remote: 'origin',
    repository: 'git@git.example.com:acme/shop.git',
    ...given,
  }
  const config = {
    app: 'shop',
    environment: 'prod',
    directory,
    file: join(directory, 'slipway.yaml'),
    source,
    secrets: { file: join(directory, 'secrets/prod.yaml'), rules: {} },
    ...change,
  } as unknown as EnvironmentConfig
  const fetched = await fetchThere(session, { config, source, note: text => notes.push(text) })
  expect(fetched.commit).toBe('a'.repeat(40))
  return fetched.folder
}

async function sealed(identity: string, environment = 'prod'): Promise<string> {
  const mine = { name: 'me', kind: 'person' as const, key: await recipientOf(identity) }
  const open = await newSecrets({ app: 'shop', environment }, [mine])
  return printSealedFile((await withValues(open, new Map([['TOKEN', Buffer.from('canary')]]))).sealed)
}

test('says from where, and gives what the commit asks for and is here', async () => {
  await pin()
  await writeFile(join(directory, '.env'), 'A=1\n')
  vi.stubEnv('PULL', 'password')
  const registries = { 'registry.example.com': { login: { user: 'ci', password: 'PULL' } } }
  expect(await there({}, {}, { envFile: join(directory, '.env'), registries })).toBe('/there')
  expect(asked).toEqual([
    [
      'fetch',
      {
        repository: 'git@git.example.com:acme/shop.git',
        branch: 'main',
        folder: '',
        file: 'slipway.yaml',
        hostKeys: [{ type: 'ssh-ed25519', key: 'AAAAkey' }],
      },
    ],
    [
      'take',
      {
        file: 'slipway.yaml',
        variables: { MARK: 'set here' },
        passwords: { PULL: 'password' },
        environmentFile: { path: '.env', text: 'A=1\n' },
      },
    ],
  ])
  expect(notes.at(-1)).toBe('lab fetches main from git.example.com')
})

test('a host that nobody pinned is not asked', async () => {
  await expect(there()).rejects.toMatchObject({
    code: 'HOST_KEY_UNKNOWN',
    next: expect.stringContaining('slipway server trust git.example.com') as unknown,
  })
  expect(asked).toEqual([])
})

test('the secrets of the commit are opened here, and only their values go there', async () => {
  await pin()
  const identity = await newIdentity()
  vi.stubEnv('SLIPWAY_AGE_KEY', identity)
  await there({}, { sealed: await sealed(identity) })
  expect(asked[1]?.[1]).toMatchObject({ secrets: { values: { TOKEN: Buffer.from('canary').toString('base64') } } })
  expect(JSON.stringify(asked)).not.toContain(identity)
})

test.each([
  ['of another environment', (identity: string) => sealed(identity, 'dev')],
  ['that somebody changed', async (identity: string) => (await sealed(identity)).replace('TOKEN', 'OTHER')],
  ['that are rubbish', async () => 'x: ['],
])('secrets %s are not opened, and nothing is taken', async (_what, make) => {
  await pin()
  const identity = await newIdentity()
  vi.stubEnv('SLIPWAY_AGE_KEY', identity)
  await expect(there({}, { sealed: await make(identity) })).rejects.toMatchObject({
    code: expect.stringMatching(/^SECRETS_/) as unknown,
  })
  expect(asked.map(([call]) => call)).toEqual(['fetch'])
})

const https = { repository: 'https://git.example.com/acme/shop.git', token: 'GIT_TOKEN' }

test('over https no key of a host is needed, and the token is a variable', async () => {
  vi.stubEnv('GIT_TOKEN', ' ghp_canary\n')
  await there(https)
  expect(asked[0]?.[1]).toMatchObject({ token: 'ghp_canary', hostKeys: [] })
  expect(JSON.stringify(asked[1])).not.toContain('ghp_canary')
})

test.each([
  ['is not there', undefined],
  ['would be two headers', 'ghp\nX-Evil: 1'],
  ['has a blank', 'ghp x'],
])('a token that %s is refused', async (_what, value) => {
  if (value !== undefined) vi.stubEnv('GIT_TOKEN', value)
  await expect(there(https)).rejects.toMatchObject({ code: 'SECRET_MISSING' })
  expect(asked).toEqual([])
})
