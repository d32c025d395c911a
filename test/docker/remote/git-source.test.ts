import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { start, type LabServer } from '../../../lab/server.mjs'
import { thorough } from '../sample.ts'
import { Author, GitHost } from './git-host.ts'
import { serverImages } from './server-images.ts'

/**
 * A server that fetches its code over SSH from a Git host, by a key of its own. What fails leaves the old release. That
 * it works at all, bb10.test.ts shows in every run.
 */
const cli = resolve(import.meta.dirname, '../../../packages/slipway/dist/slipway.js')
const app = `gs-${randomBytes(3).toString('hex')}`
let base: string
let server: LabServer
let host: GitHost
let author: Author
/** Who deploys has slipway.yaml and no clone. */
let operator: string
let first = ''

describe.skipIf(!thorough)('code from Git, fetched by the server', () => {
  beforeAll(async () => {
    const images = await serverImages()
    server = await start({ name: app, docker: true, images, log: () => undefined })
    host = await GitHost.on(server)
    base = await mkdtemp(join(tmpdir(), 'slipway-'))
    operator = join(base, 'operator')
    author = new Author(join(base, 'author'))
    await mkdir(operator)
    await mkdir(author.directory)
    await author.git('init', '--quiet', '--initial-branch=main')
    first = await release('main', 'one')
    await host.create(author.directory)
    await configure()
    await writeFile(join(operator, 'slipway.hosts'), `${server.address} ${await server.hostKey()} lab\n`)
  }, 240_000)

  afterAll(async () => {
    await server?.stop()
    await rm(base, { recursive: true, force: true })
  })

  const slipwayYaml = (branch: string, repository = host.address, more = '') => `app: ${app}
health: /
edge: { listen: "0.0.0.0:8080" }
watch: off
warm: off
backups: { directory: backups }
servers: { lab: { host: ${server.address}, user: deploy, identity: ${server.rootKey} } }
environments:
  prod: { compose: [compose.yaml], server: lab, source: { git: { branch: ${JSON.stringify(branch)}, repository: "${repository}"${more} } } }
`

  const compose = 'services: { web: { build: ., ports: ["3000"], environment: { MARK: "${MARK:-none}" } } }\n'
  const web = (text: string) =>
    `require('node:http').createServer((q, r) => r.end('${text} ' + process.env.MARK)).listen(3000)\n`

  async function release(branch: string, text: string, more: Record<string, string> = {}): Promise<string> {
    return author.commit(branch, text, {
      'slipway.yaml': slipwayYaml(branch),
      'compose.yaml': compose,
      Dockerfile: 'FROM node:22-bookworm-slim\nCOPY web.cjs /\nCMD ["node", "/web.cjs"]\n',
      'web.cjs': web(text),
      ...more,
    })
  }

  async function configure(branch = 'main', repository = host.address, more = ''): Promise<void> {
    await writeFile(join(operator, 'slipway.yaml'), slipwayYaml(branch, repository, more))
  }

  interface Ran {
    exitCode: number
    stdout: string
    stderr: string
    result: Record<string, unknown> & { commit?: { sha: string; branch: string; subject: string }; outcome?: string }
    error: { code: string; message: string; why?: string; next?: string; state?: string } | undefined
  }

  function slipway(
    argv: string[],
    variables: Record<string, string> = {},
    meanwhile?: () => Promise<void>,
  ): Promise<Ran> {
    const env = { ...process.env, NO_COLOR: '1', CI: '', ...variables }
    const child = spawn(process.execPath, [cli, ...argv, '--json'], {
      cwd: operator,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [stdout, stderr] = ['', '']
    let began = false
    child.stdout.on('data', more => (stdout += more))
    child.stderr.on('data', more => {
      stderr += more
      if (began || !stderr.includes('fetches')) return
      began = true
      void meanwhile?.()
    })
    return new Promise(done =>
      child.on('close', code => {
        const { result, error } = JSON.parse(stdout) as Pick<Ran, 'result' | 'error'>
        done({ exitCode: code ?? -1, stdout, stderr, result, error })
      }),
    )
  }

  const answer = async () => (await fetch(`http://${server.address}:8080/`)).text()

  test('the first time the error shows the key that the server made; let in, it deploys the newest commit', async () => {
    const refused = await slipway(['deploy', 'prod'])
    expect(refused.error, refused.stderr).toMatchObject({ code: 'LOGIN_REFUSED' })
    const publicKey = /ssh-ed25519 \S+ slipway-\S+/.exec(refused.error?.next ?? '')?.[0] ?? ''
    expect(publicKey).toContain(`slipway-${app}-prod`)
    const folder = `/var/lib/slipway/apps/${app}-prod`
    expect(await host.inside(['stat', '--format=%a %U', `${folder}/deploy-key`])).toBe('600 root\n')
    await host.letIn(publicKey)
    // By its name among the hosts of repositories, and no server is called so.
    const trusted = await slipway(['server', 'trust', server.address])
    expect(trusted.result, trusted.stderr).toMatchObject({ outcome: 'already', host: server.address })
    const done = await slipway(['deploy', 'prod'], { MARK: 'sent along' })
    expect(done.exitCode, done.stderr + done.stdout).toBe(0)
    expect(done.result).toMatchObject({ outcome: 'deployed', commit: { sha: first, branch: 'main', subject: 'one' } })
    expect(await answer()).toBe('one sent along')
    const release = JSON.parse(await host.inside(['cat', `${folder}/releases/r1/release.json`]).catch(() => '{}'))
    expect(release).toMatchObject({ commit: { sha: first } })
    const shown = await slipway(['server', 'show', 'lab', '--login', 'root'])
    expect(shown.result).toMatchObject({ deployKeys: [{ project: `${app}-prod`, publicKey }] })
  })

  test('a push is deployed, one commit by its name too, and status and history tell which; a branch may be rewritten', async () => {
    const second = await release('main', 'two')
    await host.push(author.directory, 'main')
    const plan = await slipway(['plan', 'prod'])
    expect(plan.result, plan.stderr).toMatchObject({ commit: { sha: second, subject: 'two' }, changesPending: true })
    expect((await slipway(['deploy', 'prod'])).result).toMatchObject({ outcome: 'deployed', commit: { sha: second } })
    const back = await slipway(['deploy', 'prod', '--commit', first])
    expect(back.result, back.stdout).toMatchObject({ outcome: 'deployed', commit: { sha: first, branch: '' } })
    expect(await answer()).toBe('one none')
    await author.git('reset', '--quiet', '--hard', first)
    const other = await release('main', 'rewritten')
    await host.push(author.directory, 'main')
    expect((await slipway(['deploy', 'prod'])).result).toMatchObject({ commit: { sha: other } })
    expect((await slipway(['status', 'prod'])).result).toMatchObject({ current: { commit: { sha: other } } })
    const history = (await slipway(['history', 'prod'])).result as unknown as { commit?: { sha: string } }[]
    expect(history.map(record => record.commit?.sha)).toEqual([other, first, second, first])
    expect(await answer()).toBe('rewritten none')
  })

  type Refusal = [
    string,
    string,
    RegExp,
    () => Promise<{ argv?: string[]; mend?: () => Promise<unknown>; meanwhile?: () => Promise<void> }>,
  ]

  const refusals: Refusal[] = [
    ['a branch that there is not', 'SOURCE_FAILED', /has no branch gone/, async () => (await configure('gone'), {})],
    [
      'another key of the host',
      'HOST_KEY_CHANGED',
      /another key than the pinned one/,
      async () => (await otherHostKey(), {}),
    ],
    [
      'a key that is not let in any more',
      'LOGIN_REFUSED',
      /does not accept the key/,
      async () => {
        const keys = await host.inside(['cat', '/home/git/.ssh/authorized_keys'])
        await host.letNobodyIn()
        return { mend: () => host.inside(['sh', '-c', 'cat > /home/git/.ssh/authorized_keys'], keys) }
      },
    ],
    [
      'a network that is cut while the code travels',
      'SOURCE_FAILED',
      /connection to its host broke|ended the connection/,
      async () => {
        await author.commit('large', 'large', {
          'slipway.yaml': slipwayYaml('large'),
          'large.bin': randomBytes(30_000_000).toString('base64'),
        })
        await host.push(author.directory, 'large')
        await configure('large')
        const cut = async () => {
          for (let tries = 0; tries < 400; tries++) {
            const killed = await server.inside(['pkill', '-KILL', '-f', 'shell -c git-upload-pack'])
            if (killed.code === 0) return
          }
        }
        return { meanwhile: cut }
      },
    ],
    [
      'a repository that is gone',
      'SOURCE_FAILED',
      /no such repository/,
      async () => (await configure('main', host.address.replace('shop', 'gone')), {}),
    ],
    [
      'a host whose key nobody pinned',
      'HOST_KEY_UNKNOWN',
      /has no key of/,
      async () => (await configure('main', 'git@git.example.com:acme/shop.git'), {}),
    ],
    [
      'a host without an address',
      'SOURCE_FAILED',
      /leads to no address/,
      async () => {
        await configure('main', 'git@no-such-host.invalid:acme/shop.git')
        await writeFile(
          join(operator, 'slipway.hosts'),
          `${server.address} ${await server.hostKey()} lab\nno-such-host.invalid ${await server.hostKey()} git\n`,
        )
        return {}
      },
    ],
    [
      'a commit that was never pushed',
      'SOURCE_FAILED',
      /does not give out the commit/,
      async () => ({ argv: ['--commit', 'f'.repeat(40)] }),
    ],
    [
      'a name that is no commit',
      'USAGE',
      /not the full name/,
      async () => ({ argv: ['--commit', '--upload-pack=touch /tmp/x'] }),
    ],
    [
      'a submodule',
      'SOURCE_FAILED',
      /"vendor": Git keeps only a link/,
      async () => {
        await author.git('update-index', '--add', '--cacheinfo', `160000,${first},vendor`)
        await author.git('commit', '--quiet', '--message=submodule')
        await host.push(author.directory, 'HEAD:refs/heads/submodule')
        await author.git('reset', '--quiet', '--hard', 'HEAD~1')
        return (await configure('submodule'), {})
      },
    ],
    [
      'a commit without slipway.yaml',
      'CONFIG_NOT_FOUND',
      /no such file/i,
      async () => {
        await author.git('checkout', '--quiet', '-B', 'bare')
        await author.git('rm', '--quiet', 'slipway.yaml')
        await author.commit('bare', 'no slipway.yaml', {})
        await host.push(author.directory, 'bare')
        await author.git('checkout', '--quiet', 'main')
        return (await configure('bare'), {})
      },
    ],
    [
      'another app',
      'CONFIG_INVALID',
      /is of gs-/,
      async () => {
        await author.commit('other', 'other', {
          'slipway.yaml': slipwayYaml('other').replace(`app: ${app}`, 'app: bank'),
        })
        await host.push(author.directory, 'other')
        await author.git('checkout', '--quiet', 'main')
        return (await configure('other'), {})
      },
    ],
    [
      'a full disk',
      'DISK_FULL',
      /disk is full/,
      async () => {
        const folder = `/var/lib/slipway/apps/${app}-prod/repository`
        await host.inside(['mount', '-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', folder])
        return { mend: () => host.inside(['umount', folder]) }
      },
    ],
  ]

  test.each(refusals)('%s: %s, and the old release serves', async (_what, code, why, disturb) => {
    const before = await answer()
    const { argv = [], mend, meanwhile } = await disturb()
    try {
      const refused = await slipway(['deploy', 'prod', ...argv], {}, meanwhile)
      expect(refused.error, refused.stdout + refused.stderr).toMatchObject({ code, next: expect.any(String) })
      expect(`${refused.error?.message} ${refused.error?.why}`).toMatch(why)
      expect([1, 2]).toContain(refused.exitCode)
      expect(refused.stdout).not.toMatch(/\.incoming|\.partial|    at /)
    } finally {
      await mend?.()
      await configure()
      await writeFile(join(operator, 'slipway.hosts'), `${server.address} ${await server.hostKey()} lab\n`)
    }
    expect(await answer()).toBe(before)
    expect(
      await host.inside(['sh', '-c', `ls -A /var/lib/slipway/apps/${app}-prod/uploads | grep -c incoming || true`]),
    ).toBe('0\n')
  })

  /** The same address by another name, for which another key is pinned. */
  async function otherHostKey(): Promise<void> {
    const name = 'git-host.lab'
    await host.inside(['sh', '-c', 'echo "127.0.0.1 git-host.lab" >> /etc/hosts'])
    await configure('main', `ssh://git@${name}${host.repository}`)
    const other = (await readFile(`${server.rootKey}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ')
    await writeFile(
      join(operator, 'slipway.hosts'),
      `${server.address} ${await server.hostKey()} lab\n${name} ${other} git\n`,
    )
  }

  test.each([
    '--upload-pack=touch /srv/x',
    '; touch /srv/x',
    '$(touch /srv/x)',
    '../../main',
    'a\nb',
    'main:refs/heads/x',
  ])('a branch called %j is refused before anything is asked', async branch => {
    await configure(branch)
    const refused = await slipway(['deploy', 'prod'])
    await configure()
    expect(refused.error).toMatchObject({ code: 'CONFIG_INVALID' })
    expect(await host.inside(['sh', '-c', 'ls /srv'])).toBe('git\n')
  })
})
