import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { DeploymentRecord, Plan } from '../../packages/slipway/src/release/model.ts'
import { materialise } from '../../examples/baby-basics/releases/apply.mjs'

const root = resolve(import.meta.dirname, '../..')
const cli = join(root, 'packages/slipway/dist/slipway.js')
const exec = promisify(execFile)

/** A baby-basics of its own: own folder, SLIPWAY_HOME, edge, port and Compose project, removed at the end. */
export class Project {
  readonly app: string
  readonly directory: string
  readonly home: string
  readonly port: number
  readonly baseUrl: string
  private settings: string

  static async create(settings: ProjectSettings = {}): Promise<Project> {
    return new Project(await mkdtemp(join(tmpdir(), 'slipway-')), await freePort(), settings)
  }

  constructor(base: string, port: number, settings: ProjectSettings) {
    this.app = `bb-${randomBytes(3).toString('hex')}`
    this.directory = join(base, 'app')
    this.home = join(base, 'home')
    this.port = port
    this.baseUrl = `http://127.0.0.1:${port}`
    this.settings = `app: ${this.app}
compose: [infra/docker-compose.yml, infra/docker-compose.prod.yml]
env_file: .env
database: db
migrate: { service: api, command: [node, prisma/migrate-deploy.mjs], files: apps/api/prisma/migrations }
health: { path: /api/v1/health, deadline: ${settings.deadline ?? '8s'} }
edge: { listen: "127.0.0.1:${port}" }
hold: { limit: ${settings.hold ?? '30s'} }
backups: { directory: backups, format: plain, keep: 5 }
rollback: { data: ask }
watch: ${settings.watch ?? 'off'}
warm: ${settings.warm ?? 'off'}
${settings.extra ?? ''}
environments: { prod: { production: true } }
`
  }

  /** Puts one of the example's releases into the folder. */
  async release(name: string, over?: string): Promise<void> {
    materialise(this.directory, name, over === undefined ? {} : { over })
    await this.configure()
    await this.environment({})
  }

  async configure(change: (text: string) => string = text => text): Promise<void> {
    await writeFile(join(this.directory, 'slipway.yaml'), change(this.settings))
  }

  async environment(changes: Record<string, string | undefined>): Promise<void> {
    const values: Record<string, string | undefined> = {
      DATABASE_URL: `postgresql://baby:${password}@db:5432/baby_basics?schema=public`,
      JWT_SECRET: 'c'.repeat(64),
      NODE_ENV: 'production',
      PORT: '3000',
      POSTGRES_USER: 'baby',
      POSTGRES_PASSWORD: password,
      POSTGRES_DB: 'baby_basics',
      ...changes,
    }
    const lines = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${value}"`]))
    await writeFile(join(this.directory, '.env'), `${lines.join('\n')}\n`, { mode: 0o600 })
  }

  /** Runs the CLI as a person would; never throws for an exit code. */
  async slipway(...argv: string[]): Promise<CliResult> {
    try {
      const { stdout, stderr } = await exec(process.execPath, [cli, ...argv], this.options())
      return { exitCode: 0, stdout, stderr }
    } catch (error) {
      const failed = error as { code?: number; stdout: string; stderr: string }
      return { exitCode: failed.code ?? -1, stdout: failed.stdout, stderr: failed.stderr }
    }
  }

  async deploy(): Promise<DeployResult> {
    return parse(await this.slipway('deploy', 'prod', '--json'))
  }

  async plan(...argv: string[]): Promise<CliResult & { result: Plan & { rehearsal: NonNullable<Plan['rehearsal']> } }> {
    const ran = await this.slipway('plan', 'prod', ...argv, '--json')
    return { ...ran, ...(JSON.parse(ran.stdout) as { result: Plan & { rehearsal: NonNullable<Plan['rehearsal']> } }) }
  }

  async rollback(...argv: string[]): Promise<DeployResult> {
    return parse(await this.slipway('rollback', 'prod', ...argv, '--json'))
  }

  options() {
    return {
      cwd: this.directory,
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, SLIPWAY_HOME: this.home, SLIPWAY_EDGE_NAME: `${this.app}-edge`, NO_COLOR: '1', CI: '' },
    }
  }

  get project(): string {
    return `${this.app}-prod`
  }

  async version(): Promise<string | undefined> {
    try {
      const answer = await fetch(`${this.baseUrl}/api/v1/health`, { signal: AbortSignal.timeout(5000) })
      return ((await answer.json()) as { version: string }).version
    } catch {
      return undefined
    }
  }

  async sql(statement: string): Promise<string> {
    return docker(
      'exec',
      `${this.project}-db-1`,
      'psql',
      '-X',
      '-At',
      '-U',
      'baby',
      '-d',
      'baby_basics',
      '-c',
      statement,
    )
  }

  /** Everything that a release may own and that must not be left behind: containers, networks, databases. */
  async leftovers(): Promise<{ containers: string[]; networks: string[]; databases: string[] }> {
    const [containers, networks, databases] = await Promise.all([
      docker('ps', '-a', '--filter', `label=slipway.project=${this.project}`, '--format', '{{.Names}}'),
      docker('network', 'ls', '--filter', `label=slipway.project=${this.project}`, '--format', '{{.Name}}'),
      this.sql("select datname from pg_database where datname like 'baby%' order by 1").catch(() => ''),
    ])
    return { containers: lines(containers), networks: lines(networks), databases: lines(databases) }
  }

  async journal(): Promise<string> {
    const { readdir } = await import('node:fs/promises')
    const folder = join(this.home, 'apps', this.project, 'deployments')
    const texts = await Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')))
    return texts.join('')
  }

  async destroy(): Promise<void> {
    const ids = lines(await docker('ps', '-aq', '--filter', `label=slipway.project=${this.project}`))
    if (ids.length > 0) await docker('rm', '-f', '-v', ...ids)
    await docker('rm', '-f', '-v', `${this.app}-edge`).catch(() => '')
    for (const network of lines(
      await docker('network', 'ls', '--filter', `name=${this.project}`, '--format', '{{.Name}}'),
    )) {
      await docker('network', 'rm', network).catch(() => '')
    }
    for (const volume of lines(await docker('volume', 'ls', '-q', '--filter', `name=${this.app}`))) {
      await docker('volume', 'rm', '-f', volume).catch(() => '')
    }
    const images = lines(
      await docker(
        'image',
        'ls',
        '--filter',
        `reference=slipway/${this.project}/*`,
        '--format',
        '{{.Repository}}:{{.Tag}}',
      ),
    )
    if (images.length > 0) await docker('image', 'rm', '-f', ...images).catch(() => '')
    await rm(resolve(this.directory, '..'), { recursive: true, force: true })
  }
}

/** Marked, so that a test can look for it where it must not be. */
export const password = 'canary-7f3k9q2x'

export interface ProjectSettings {
  hold?: string
  deadline?: string
  /** Off unless a test is about them: they take time, and leave the old release running. */
  watch?: string
  warm?: string
  extra?: string
}

export interface CliResult {
  exitCode: number
  stdout: string
  stderr: string
}

export interface DeployResult extends CliResult {
  record: DeploymentRecord | undefined
  error: { code: string; why?: string; output?: string[] } | undefined
}

function parse(result: CliResult): DeployResult {
  const document = JSON.parse(result.stdout) as { result?: DeploymentRecord; error?: DeployResult['error'] }
  return { ...result, record: document.result, error: document.error }
}

export async function docker(...argv: string[]): Promise<string> {
  return (await exec('docker', argv, { maxBuffer: 64 * 1024 * 1024 })).stdout
}

export function lines(text: string): string[] {
  return text.split('\n').filter(Boolean)
}

export function freePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolvePort(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
