import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { docker, freePort, lines, Project } from './project.ts'

const source = resolve(import.meta.dirname, '../apps/queue')

/** The app `queue`: each version is this code with another number, for a schema of its own if need be. */
export class QueueApp extends Project {
  private readonly limits: QueueLimits

  static override async create(limits: QueueLimits = {}): Promise<QueueApp> {
    return new QueueApp(await mkdtemp(join(tmpdir(), 'slipway-')), await freePort(), limits)
  }

  constructor(base: string, port: number, limits: QueueLimits) {
    super(base, port, {})
    this.limits = limits
  }

  async make({ version, schema = 1, bad, grace = '20s', rehearse = 'off' }: QueueVersion): Promise<void> {
    await mkdir(join(this.directory, 'migrations'), { recursive: true })
    await cp(source, this.directory, { recursive: true })
    await writeFile(join(this.directory, 'migrations/schema'), `${schema}\n`)
    const values = { QUEUE_DB_PASSWORD: 'queue', VERSION: version, SCHEMA: schema, BAD: bad ?? '', GRACE: grace }
    const text = Object.entries(values).map(([name, value]) => `${name}=${value}\n`)
    await writeFile(join(this.directory, '.env'), text.join(''), { mode: 0o600 })
    await writeFile(
      join(this.directory, 'slipway.yaml'),
      `app: ${this.app}
compose: compose.yaml
env_file: .env
database: db
migrate: { service: web, command: [node, migrate.mjs], files: migrations }
rehearse: ${rehearse}
health: { path: /health, deadline: ${bad === 'web' ? '3s' : '10s'} }
edge: { listen: "127.0.0.1:${this.port}" }
hold: { limit: ${this.limits.hold ?? '30s'} }
drain: { limit: ${this.limits.drain ?? '30s'} }
watch: off
warm: off
backups: { directory: ../backups, keep: 2 }
environments: { prod: {} }
`,
    )
  }

  override sql(statement: string): Promise<string> {
    return docker('exec', `${this.project}-db-1`, 'psql', '-XAtU', 'queue', '-d', 'queue', '-c', statement)
  }

  /** What the workers wrote down outside of the database. */
  async witness(): Promise<WitnessLine[]> {
    const text = await docker(
      ...['run', '--rm', '--volume', `${this.project}_witness:/witness`, 'postgres:16-alpine', 'cat', '/witness/log'],
    )
    return lines(text).map(line => JSON.parse(line) as WitnessLine)
  }
}

export interface QueueLimits {
  hold?: string
  drain?: string
}

export interface QueueVersion {
  version: number
  schema?: number
  /** `web`: never healthy. `worker`: crash loop. `deaf`: its worker does not listen to its stop signal. */
  bad?: 'web' | 'worker' | 'deaf'
  /** The worker's grace period. */
  grace?: string
  rehearse?: 'off' | 'full'
}

export interface WitnessLine {
  at: number
  what: 'boot' | 'begin' | 'done' | 'end'
  job: string
  version: string
}
