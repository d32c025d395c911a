import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { type OwnRegistry, startRegistry } from '../../../lab/own-registry.mjs'
import { type LabServer, start } from '../../../lab/server.mjs'
import type { CliResult } from '../project.ts'
import { serverImages } from './server-images.ts'

const root = resolve(import.meta.dirname, '../../..')
const cli = join(root, 'packages/slipway/dist/slipway.js')
const publicPort = 8080
const run = promisify(execFile)

/** Which server has what; the one with the database decides. */
export interface Places {
  web: readonly string[]
  worker: string
  database: string
}

/** The app of the kill tests on several servers; usually two: its web service on `a`, database and worker on `b`. */
export class SeveralServers {
  readonly app = `ts-${randomBytes(3).toString('hex')}`
  readonly project = `${this.app}-prod`
  readonly store = `/var/lib/slipway/apps/${this.project}`
  readonly base: string
  readonly directory: string
  readonly places: Places
  readonly servers: ReadonlyMap<string, LabServer>
  readonly #registry: OwnRegistry
  readonly #tunnels = new Map<LabServer, ChildProcess>()
  readonly #token: string
  /** For the command line, beside those that it always gets. */
  variables: Record<string, string> = {}

  static async create(places: Places = { web: ['a'], worker: 'b', database: 'b' }): Promise<SeveralServers> {
    const token = `canary-${randomBytes(9).toString('hex')}`
    const images = await serverImages()
    const registry = await startRegistry({ user: 'bot', password: token })
    const own = randomBytes(3).toString('hex')
    const names = [...new Set([...places.web, places.worker, places.database])].toSorted()
    const started = names.map(async name => {
      const server = await start({ name: `sev-${own}-${name}`, docker: true, images, log: () => undefined })
      return [name, server] as const
    })
    const base = await mkdtemp(join(tmpdir(), 'slipway-'))
    const several = new SeveralServers(base, { places, servers: new Map(await Promise.all(started)), registry, token })
    await several.#prepare()
    return several
  }

  private constructor(base: string, { places, servers, registry, token }: Parts) {
    this.base = base
    this.directory = join(base, 'app')
    this.places = places
    this.servers = servers
    this.#registry = registry
    this.#token = token
    for (const server of servers.values()) this.#leadToRegistry(server)
  }

  get a(): LabServer {
    return this.server('a')
  }

  get b(): LabServer {
    return this.server('b')
  }

  server(name: string): LabServer {
    const server = this.servers.get(name)
    if (server === undefined) throw new Error(`there is no server ${name}`)
    return server
  }

  /** Makes the folder hold this version, whose worker takes so long to begin; `more` of prod, and environments `beside` it, as YAML. */
  async version(
    version: number,
    { workerSeconds = 0, places = this.places, more = '', beside = '' } = {},
  ): Promise<void> {
    await mkdir(join(this.directory, 'migrations'), { recursive: true })
    await writeFile(join(this.directory, 'migrations/level'), `${version}\n`)
    const variables = { PULSE_DB_PASSWORD: 'pulse', VERSION: version, WORKER_SECONDS: workerSeconds }
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`)
    await writeFile(join(this.directory, '.env'), lines.join(''), { mode: 0o600 })
    const place = (server: LabServer): string =>
      `{ host: ${server.address}, private_address: ${server.address}, user: deploy, identity: ${server.rootKey} }`
    await writeFile(
      join(this.directory, 'slipway.yaml'),
      `app: ${this.app}
compose: compose.yaml
env_file: .env
database: db
migrate: { service: web, command: [node, migrate.mjs], files: migrations }
rehearse: off
health: { path: /health, deadline: 40s }
edge: { listen: "0.0.0.0:${publicPort}" }
hold: { limit: 60s }
drain: { limit: 5s }
watch: 1s
warm: off
backups: { directory: backups, keep: 2 }
registries: { "${this.#registry.host}": { user: bot, password: REGISTRY_TOKEN } }
servers: { ${[...this.servers].map(([name, server]) => `${name}: ${place(server)}`).join(', ')} }
environments:
  prod:
    servers: { ${[...this.servers.keys()].map(name => placed(name, places)).join(', ')} }
${more}${beside}`,
    )
  }

  slipway(...argv: string[]): Promise<CliResult> {
    return this.start(argv).ended
  }

  /** What --json printed. */
  async json(...argv: string[]) {
    const { exitCode, stdout, stderr } = await this.slipway(...argv, '--json')
    const { result, error } = JSON.parse(stdout) as Record<'result' | 'error', Record<string, unknown> | undefined>
    return { exitCode, stderr, result: result ?? {}, error: error ?? {} }
  }

  start(argv: readonly string[], heard: (line: string) => void = () => undefined) {
    const variables = { NO_COLOR: '1', CI: '', REGISTRY_TOKEN: this.#token, ...this.variables }
    const child = spawn(process.execPath, [cli, ...argv], {
      cwd: this.directory,
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said.stderr += text
      text.split('\n').forEach(heard)
    })
    const ended = new Promise<CliResult>(done => {
      child.on('close', code => done({ exitCode: code ?? -1, ...said }))
    })
    return { child, ended }
  }

  /** As when its power goes, and comes back. */
  async crash(server: LabServer): Promise<void> {
    await server.crash()
    this.#leadToRegistry(server)
  }

  /** Waits until the journal of this deployment on that server holds these words. */
  async journalSays(server: LabServer, id: string, words: string): Promise<void> {
    const argv = ['grep', '--quiet', '--fixed-strings', '-e', words, `${this.store}/deployments/${id}.jsonl`]
    await expect.poll(async () => (await server.inside(argv)).code, { timeout: 60_000, interval: 50 }).toBe(0)
  }

  /** Waits until the newest deployment has an end on both. */
  async atRest(): Promise<void> {
    const newest = `tail -n 1 "$(ls -t ${this.store}/deployments/*.jsonl | head -n 1)"`
    for (const server of this.servers.values()) {
      const ended = async (): Promise<string> => (await server.inside(['sh', '-c', newest])).stdout
      await expect.poll(ended, { timeout: 90_000 }).toContain('deployment-finished')
    }
    await sleep(500)
  }

  /** A program on a server; throws unless it ends well. */
  async inside(server: LabServer, ...argv: string[]): Promise<string> {
    const { code, stdout, stderr } = await server.inside(argv, { timeout: 60_000 })
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr.trim()}`)
    return stdout
  }

  /** What answers in public, which schema the database has, which version the worker is, and what each server has. */
  async versions(): Promise<{ web: unknown; schema: string; worker: string; releases: string[] }> {
    const answers = await Promise.all(this.places.web.map(name => this.#answerOf(this.server(name))))
    const columns = "select column_name from information_schema.columns where column_name like 'body_v%'"
    const schema = (await this.sql(columns)).trim().replace('body_v', '')
    const workers = this.server(this.places.worker)
    const names = await this.inside(workers, 'docker', 'ps', '--format', '{{.Names}}', '--filter', 'name=-worker-')
    const [name = ''] = names.split('\n')
    const variables = await this.inside(workers, 'docker', 'inspect', '--format', '{{join .Config.Env " "}}', name)
    const worker = /(?:^| )VERSION=(\d+)/.exec(variables)?.[1] ?? ''
    const current = (server: LabServer): Promise<string> => this.inside(server, 'readlink', join(this.store, 'current'))
    const releases = (await Promise.all([...this.servers.values()].map(current))).map(
      text => text.trim().split('/').at(-1) ?? '',
    )
    return { web: new Set(answers).size === 1 ? answers[0] : answers, schema, worker, releases }
  }

  async #answerOf(server: LabServer): Promise<unknown> {
    const signal = AbortSignal.timeout(10_000)
    return fetch(`http://${server.address}:${publicPort}/health`, { signal })
      .then(async answer => (answer.ok ? ((await answer.json()) as { version: unknown }).version : answer.status))
      .catch(String)
  }

  sql(statement: string): Promise<string> {
    const psql = ['psql', '-X', '-At', '-U', 'pulse', '-d', 'pulse', '-c', statement]
    return this.inside(this.server(this.places.database), 'docker', 'exec', `${this.project}-db-1`, ...psql)
  }

  /** Builds an image of that folder, and gives it to the registry alone. Returns its name with its digest. */
  async push(tag: string, folder: string): Promise<string> {
    const image = `${this.#registry.host}/${this.app}/pulse:${tag}`
    await run('docker', ['build', '--quiet', '--tag', image, folder])
    const login = await mkdtemp(join(this.base, 'login-'))
    await this.#registry.login(login)
    await run('docker', ['--config', login, 'push', '--quiet', image])
    const { stdout } = await run('docker', ['inspect', '--format', '{{index .RepoDigests 0}}', image])
    await run('docker', ['image', 'rm', '--force', image])
    await rm(login, { recursive: true })
    return stdout.trim()
  }

  async destroy(): Promise<void> {
    for (const tunnel of this.#tunnels.values()) tunnel.kill()
    await Promise.all([...this.servers.values()].map(server => server.stop()))
    await this.#registry.stop()
    await rm(this.base, { recursive: true, force: true })
  }

  /** As if the registry were on that machine: Docker speaks to none other without TLS. */
  #leadToRegistry(server: LabServer): void {
    this.#tunnels.get(server)?.kill()
    const { port } = this.#registry
    const open = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR']
    const leading = ['-R', `127.0.0.1:${port}:127.0.0.1:${port}`, `root@${server.address}`]
    this.#tunnels.set(server, spawn('ssh', ['-N', ...open, '-i', server.rootKey, ...leading], { stdio: 'inherit' }))
  }

  /** The image is built and pushed once; both servers get it by its digest. */
  async #prepare(): Promise<void> {
    await mkdir(this.directory)
    const source = join(root, 'test/apps/pulse')
    const image = await this.push('1', source)
    await cp(source, this.directory, { recursive: true })
    const file = join(this.directory, 'compose.yaml')
    const command = `["sh", "-c", "sleep \${WORKER_SECONDS:?is in .env}; exec node worker.mjs"]`
    const compose = (await readFile(file, 'utf8'))
      .replace('  build: .\n', `  image: \${PULSE_IMAGE:-${image}}\n`)
      .replace('command: [node, worker.mjs]', `command: ${command}`)
    await writeFile(file, compose)
    const keys = await Promise.all(
      [...this.servers.values()].map(async each => `${each.address} ${await each.hostKey()} lab\n`),
    )
    await writeFile(join(this.directory, 'slipway.hosts'), keys.join(''))
  }
}

interface Parts {
  places: Places
  servers: ReadonlyMap<string, LabServer>
  registry: OwnRegistry
  token: string
}

function placed(name: string, { web, worker, database }: Places): string {
  const services = [
    ...(web.includes(name) ? ['web'] : []),
    ...(worker === name ? ['worker'] : []),
    ...(database === name ? ['db'] : []),
  ]
  return `${name}: { services: [${services.join(', ')}] }`
}
