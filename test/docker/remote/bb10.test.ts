import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { start, type LabServer } from '../../../lab/server.mjs'
import { newIdentity, recipientOf } from '../../../packages/slipway/src/secrets/age.ts'
import { newSecrets, withValues } from '../../../packages/slipway/src/secrets/change.ts'
import { printSealedFile } from '../../../packages/slipway/src/secrets/sealed-yaml.ts'
import { thorough } from '../sample.ts'
import { Author, GitHost } from './git-host.ts'
import { serverImages } from './server-images.ts'

/**
 * The end-to-end checklist (BB10) on two servers: pushes to two branches, health through the edge, backup, rollback,
 * isolation, and being told of an outage. CI stands here as the command that it calls. In thorough runs: all others have
 * its parts, on one server (remote.test.ts) and on two (several.test.ts).
 */
const exec = promisify(execFile)
const root = resolve(import.meta.dirname, '../../..')
const cli = join(root, 'packages/slipway/dist/slipway.js')
const app = `bb-${randomBytes(3).toString('hex')}`
const passwords = { dev: `dev-${randomBytes(9).toString('hex')}`, prod: `prod-${randomBytes(9).toString('hex')}` }
const branches = { dev: 'develop', prod: 'main' } as const
type Environment = keyof typeof branches
const environments: readonly Environment[] = ['dev', 'prod']
/** The one that gets a second push, and goes back. */
const moving = 'dev'
const servers = new Map<Environment, LabServer>()
let host: GitHost
let base: string
let author: Author
/** CI has it, and nobody else. */
let identity = ''

beforeAll(async () => {
  const images = await serverImages()
  await Promise.all(
    environments.map(async name => {
      servers.set(name, await start({ name: `${app}-${name}`, docker: true, images, log: () => undefined }))
    }),
  )
  host = await GitHost.on(at(moving))
  base = await mkdtemp(join(tmpdir(), 'slipway-'))
  author = new Author(join(base, 'author'))
  await cp(join(root, 'test/apps/pulse'), author.directory, { recursive: true })
  await author.git('init', '--quiet', '--initial-branch=main')
  await sealPasswords()
  await release('main', 1)
  await release('develop', 1)
  await host.create(author.directory)
}, 240_000)

afterAll(async () => {
  await Promise.all([...servers.values()].map(server => server.stop()))
  if (base !== undefined) await rm(base, { recursive: true, force: true })
})

/** In the repository, encrypted: the server is given one value, and the key stays here. */
async function sealPasswords(): Promise<void> {
  identity = await newIdentity()
  const ci = { name: 'ci', kind: 'ci' as const, key: await recipientOf(identity) }
  await mkdir(join(author.directory, 'secrets'))
  for (const environment of environments) {
    const open = await newSecrets({ app, environment }, [ci])
    const value = new Map([['PULSE_DB_PASSWORD', Buffer.from(passwords[environment])]])
    const { sealed } = await withValues(open, value)
    await writeFile(join(author.directory, `secrets/${environment}.yaml`), printSealedFile(sealed))
  }
}

async function release(branch: string, version: number): Promise<string> {
  const compose = await readFile(join(root, 'test/apps/pulse/compose.yaml'), 'utf8')
  await mkdir(join(author.directory, 'migrations'), { recursive: true })
  return author.commit(branch, `version ${version}`, {
    'slipway.yaml': await slipwayYaml(),
    'slipway.hosts': await pinned(),
    'compose.yaml': compose.replace('${VERSION:?is in .env}', `"${version}"`),
    'migrations/level': `${version}\n`,
    'alert.mjs': `import { appendFileSync, readFileSync } from 'node:fs'
const { SLIPWAY_ALERT, SLIPWAY_ALERT_FILE } = process.env
const { problems } = JSON.parse(readFileSync(SLIPWAY_ALERT_FILE, 'utf8'))
appendFileSync('/var/lib/slipway/alerts', [SLIPWAY_ALERT, ...problems].join(' ') + '\\n')
`,
  })
}

function at(environment: Environment): LabServer {
  const server = servers.get(environment)
  if (server === undefined) throw new Error(`There is no server for ${environment}`)
  return server
}

async function pinned(): Promise<string> {
  const lines = environments.map(async name => `${at(name).address} ${await at(name).hostKey()} ${name}\n`)
  return (await Promise.all(lines)).join('')
}

async function slipwayYaml(): Promise<string> {
  const server = (name: Environment) =>
    `  ${name}: { host: ${at(name).address}, user: deploy, identity: ${at(name).rootKey} }`
  const environment = (name: Environment) =>
    `  ${name}: { server: ${name}, source: { git: { branch: ${branches[name]}, repository: "${host.address}" } } }`
  return `app: ${app}
compose: compose.yaml
database: db
migrate: { service: web, command: [node, migrate.mjs], files: migrations }
rehearse: off
health: { path: /health, deadline: 20s }
edge: { listen: "0.0.0.0:3000" }
watch: off
warm: off
rollback: { data: restore }
hooks: { alert: [node, alert.mjs] }
servers:
${environments.map(server).join('\n')}
environments:
${environments.map(environment).join('\n')}
`
}

/** As the pipeline does: a clean checkout of the branch that was pushed, and the command. */
async function slipway(environment: Environment, command: string, ...argv: string[]) {
  const checkout = join(base, `ci-${environment}`)
  await rm(checkout, { recursive: true, force: true })
  await exec('git', ['clone', '--quiet', '--branch', branches[environment], author.directory, checkout])
  const env = { ...process.env, NO_COLOR: '1', CI: '', SLIPWAY_AGE_KEY: identity }
  const words = [cli, ...command.split(' '), environment, ...argv, '--json']
  const ran = await exec(process.execPath, words, { cwd: checkout, env }).catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  )
  return { ...(JSON.parse(ran.stdout) as { result?: Record<string, unknown>; error?: { next?: string } }), ...ran }
}

async function health(environment: Environment): Promise<unknown> {
  const answer = await fetch(`http://${at(environment).address}:3000/health`)
  return { code: answer.status, ...((await answer.json()) as object) }
}

async function inside(environment: Environment, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await at(environment).inside(argv, { timeout: 60_000 })
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr.trim()}`)
  return stdout
}

const container = (environment: Environment, service: string) =>
  inside(environment, 'docker', 'ps', '-a', '--format', '{{.Names}}', '--filter', `name=-${service}-1`).then(text =>
    text.trim(),
  )

const sql = (environment: Environment, statement: string) =>
  inside(
    environment,
    ...['docker', 'exec', `${app}-${environment}-db-1`, 'psql', '-XAt', '-U', 'pulse', '-c', statement],
  )

async function write(environment: Environment, id: string): Promise<void> {
  const body = JSON.stringify({ id })
  const answer = await fetch(`http://${at(environment).address}:3000/notes`, { method: 'POST', body })
  expect(answer.status).toBe(200)
}

test.runIf(thorough)(
  'a push to a branch lands on its server, and nowhere else; each answers through its edge',
  async () => {
    // Each server makes its key at the first try; the host of the repository lets it in then.
    for (const { error } of await Promise.all(environments.map(each => slipway(each, 'deploy')))) {
      await host.letIn(/ssh-ed25519 \S+ \S+/.exec(error?.next ?? '')?.[0] ?? 'none')
    }
    const first = await Promise.all(environments.map(each => slipway(each, 'deploy')))
    for (const [index, environment] of environments.entries()) {
      const branch = branches[environment]
      expect(first[index]?.result, first[index]?.stderr).toMatchObject({ outcome: 'deployed', commit: { branch } })
      expect(await health(environment)).toEqual({ code: 200, status: 'ok', version: '1' })
    }
    const sha = await release(branches[moving], 2)
    await host.push(author.directory, branches[moving])
    expect((await slipway(moving, 'deploy')).result).toMatchObject({ outcome: 'deployed', commit: { sha } })
    for (const each of environments) expect(await health(each)).toMatchObject({ version: each === moving ? '2' : '1' })
  },
)

test.runIf(thorough)(
  'the data of dev and prod are apart: other rows, other passwords, and no way from one to the other',
  async () => {
    await write('dev', 'of-dev')
    await write('prod', 'of-prod')
    expect(await sql('dev', 'select id from notes')).toBe('of-dev\n')
    expect(await sql('prod', 'select id from notes')).toBe('of-prod\n')
    for (const [from, to] of [
      ['dev', 'prod'],
      ['prod', 'dev'],
    ] as const) {
      const own = await container(from, 'web')
      expect(await logIn(from, own, `postgresql://pulse:${passwords[from]}@db:5432/pulse`)).toBe('in\n')
      const database =
        (
          await inside(
            to,
            'docker',
            'inspect',
            '--format',
            '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}',
            `${app}-${to}-db-1`,
          )
        ).split(' ')[0] ?? ''
      for (const address of [at(to).address, database]) {
        // Where both happen to use one range of addresses, it is its own database that answers: with the other's password it lets nobody in.
        const url = `postgresql://pulse:${passwords[to]}@${address}:5432/pulse`
        expect(await logIn(from, own, url)).toBe('out\n')
      }
    }
  },
)

/** From inside of a container of the app, with its own driver. */
function logIn(environment: Environment, name: string, url: string): Promise<string> {
  const script = `import pg from 'pg'
const client = new pg.Client({ connectionString: process.argv[1], connectionTimeoutMillis: 3000 })
await client.connect().then(() => console.log('in'), () => console.log('out'))
process.exit()`
  return inside(environment, 'docker', 'exec', name, 'node', '--input-type=module', '-e', script, url)
}

test.runIf(thorough)(
  'a backup of prod is a dump with its data; a rollback brings the version before, well',
  async () => {
    await write('prod', 'in the backup')
    const { result, stderr } = await slipway('prod', 'backup')
    const file = String(result?.['file'])
    expect(file, stderr).toMatch(/daily-\d{4}-\d{2}-\d{2}/)
    const database = `${app}-prod-db-1`
    await inside('prod', 'docker', 'cp', file, `${database}:/tmp/dump`)
    const argv = ['exec', database, 'pg_restore', '--data-only', '--file=-', '/tmp/dump']
    expect(await inside('prod', 'docker', ...argv)).toContain('in the backup')
    const back = await slipway(moving, 'rollback', '--data', 'restore', `--confirm=${app}`)
    expect(back.result, back.stdout).toMatchObject({ outcome: 'deployed', kind: 'rollback' })
    expect(await health(moving)).toMatchObject({ status: 'ok', version: '1' })
  },
)

test.runIf(thorough)(
  'the API of prod stops: whoever is to hear of it does, once, and again when it is back',
  async () => {
    const alerts = () => inside('prod', 'cat', '/var/lib/slipway/alerts').catch(() => '')
    expect((await slipway('prod', 'status', '--alert')).result).toMatchObject({ alert: { problems: [] } })
    expect(await alerts()).toBe('')
    const web = await container('prod', 'web')
    await inside('prod', 'docker', 'stop', '--time', '1', web)
    const down = await slipway('prod', 'status', '--alert')
    expect(down.result, down.stderr).toMatchObject({ alert: { told: 'down' } })
    expect(await alerts()).toMatch(/^down .*-web-1 exited/)
    await slipway('prod', 'status', '--alert')
    await inside('prod', 'docker', 'start', web)
    await expect.poll(() => health('prod').catch(() => undefined), { timeout: 10_000 }).toMatchObject({ version: '1' })
    expect((await slipway('prod', 'status', '--alert')).result).toMatchObject({ alert: { told: 'recovered' } })
    expect((await alerts()).split('\n').map(line => line.split(' ')[0])).toEqual(['down', 'recovered', ''])
  },
)
