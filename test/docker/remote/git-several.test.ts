import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LabServer } from '../../../lab/server.mjs'
import { thorough } from '../sample.ts'
import { Author, GitHost } from './git-host.ts'
import { SeveralServers } from './several-servers.ts'

/** Each server fetches the code by a key of its own, and all get the commit that the deciding one has found. */
describe.runIf(thorough)('code from Git for two servers', () => {
  let two: SeveralServers
  let host: GitHost
  let author: Author
  let first = ''

  beforeAll(async () => {
    two = await SeveralServers.create()
    host = await GitHost.on(two.b)
    author = new Author(two.directory)
    await author.git('init', '--quiet', '--initial-branch=main')
    first = await release(1)
    await host.create(two.directory)
  }, 240_000)

  afterAll(() => two?.destroy())

  async function release(version: number): Promise<string> {
    const source = `    source: { git: { branch: main, repository: "${host.address}" } }\n`
    await two.version(version, { more: source })
    return author.commit('main', `version ${version}`, { '.gitignore': '.env\nslipway.hosts\n' })
  }

  const deploy = () => two.json('deploy', 'prod')

  const commitOn = async (server: LabServer): Promise<unknown> => {
    const text = await two.inside(server, 'cat', join(two.store, 'current/release.json'))
    return (JSON.parse(text) as { commit?: { sha: string } }).commit?.sha
  }

  test('each shows its key before anything is begun, and with both let in the newest commit is deployed', async () => {
    const keys = new Set<string>()
    let said = await deploy()
    for (; said.error['code'] === 'LOGIN_REFUSED' && keys.size < 2; said = await deploy()) {
      const key = /ssh-ed25519 \S+ \S+/.exec(String(said.error['next']))?.[0] ?? ''
      expect(keys).not.toContain(key)
      keys.add(key)
      await host.letIn(key)
    }
    expect(keys.size).toBe(2)
    expect(said.exitCode, said.stderr).toBe(0)
    expect(said.result).toMatchObject({ outcome: 'deployed', commit: { sha: first, subject: 'version 1' } })
    expect(await Promise.all([two.a, two.b].map(commitOn))).toEqual([first, first])
    expect(await two.versions()).toEqual({ web: '1', schema: '1', worker: '1', releases: ['r1', 'r1'] })
  })

  test('a push is deployed on both', async () => {
    const second = await release(2)
    await host.push(two.directory, 'main')
    const said = await deploy()
    expect(said.exitCode, said.stderr).toBe(0)
    expect(await Promise.all([two.a, two.b].map(commitOn))).toEqual([second, second])
    expect(await two.versions()).toEqual({ web: '2', schema: '2', worker: '2', releases: ['r2', 'r2'] })
  })
})
