// The example app baby-basics on this machine, with everything of its own: folder, SLIPWAY_HOME, edge, port, names. Also
// what removes it again.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { materialise } from '../examples/baby-basics/releases/apply.mjs'
import { freePort } from '../lab/free-port.mjs'
import { attempt } from '../lab/process.mjs'
import { cli } from '../scripts/prepare.mjs'
import { ask } from '../traffic/ask.mjs'

const noteFile = 'project.json'

/** purpose becomes part of every name: `demo` makes the project baby-basics-demo1a2b. */
export async function createProject(
  purpose,
  { healthDeadline = '8s', holdLimit = '30s', warm = 'off', format = 'plain' } = {},
) {
  const environment = `${purpose}${randomBytes(2).toString('hex')}`
  const folder = mkdtempSync(join(tmpdir(), `slipway-${environment}-`))
  const note = { environment, folder, port: await freePort(), healthDeadline, holdLimit, warm, format }
  mkdirSync(join(folder, 'app'))
  mkdirSync(join(folder, 'home'), { mode: 0o700 })
  writeEnvironmentFile(join(folder, 'app', '.env'))
  writeFileSync(join(folder, noteFile), JSON.stringify(note))
  return new Project(note)
}

/** A project that an earlier run left behind on purpose. */
export function openProject(folder) {
  return new Project(JSON.parse(readFileSync(join(folder, noteFile), 'utf8')))
}

class Project {
  #note
  #running

  constructor(note) {
    this.#note = note
    this.environment = note.environment
    this.folder = note.folder
    this.directory = join(note.folder, 'app')
    this.home = join(note.folder, 'home')
    this.baseUrl = `http://127.0.0.1:${note.port}`
    this.name = `baby-basics-${note.environment}`
    this.edge = `${this.name}-edge`
    /** What every `slipway` and every person who looks at the project needs. */
    this.variables = { SLIPWAY_HOME: this.home, SLIPWAY_EDGE_NAME: this.edge }
  }

  /** Puts one of the example's releases into the folder, with this machine's configuration. */
  write(release, { rehearse = '{ smoke: [/api/v1/feedings] }', ...options } = {}) {
    const { version } = materialise(this.directory, release, options)
    writeFileSync(join(this.directory, 'slipway.yaml'), configuration({ ...this.#note, rehearse }))
    return version
  }

  /** Runs the command line. stdio: as for spawn. Never throws for an exit code: { exitCode, stdout }. */
  slipway(words, stdio = ['ignore', 'pipe', 'pipe']) {
    return new Promise((resolve, reject) => {
      // A process group of its own: a Ctrl-C in the terminal reaches it once, by interrupt().
      const child = spawn(process.execPath, [cli, ...words], {
        cwd: this.directory,
        env: { ...process.env, ...this.variables },
        stdio,
        detached: true,
      })
      this.#running = child
      let stdout = ''
      let stderr = ''
      child.stdout?.on('data', chunk => {
        stdout += chunk
      })
      child.stderr?.on('data', chunk => {
        stderr += chunk
      })
      child.on('error', reject)
      child.on('close', exitCode => {
        this.#running = undefined
        resolve({ exitCode, stdout, stderr })
      })
    })
  }

  /** What --json printed: the command's result, or its error. */
  async json(words) {
    const { exitCode, stdout, stderr } = await this.slipway([...words, '--json'])
    try {
      return { exitCode, ...JSON.parse(stdout) }
    } catch {
      throw new Error(
        `slipway ${words.join(' ')} ended with ${exitCode} and without a JSON document:\n${stderr.slice(-2000)}`,
      )
    }
  }

  async newestRecord() {
    const { result } = await this.json(['history'])
    return result?.[0]
  }

  /** Ends a command that runs, as Ctrl-C does, and waits for its end. */
  async interrupt() {
    const child = this.#running
    if (child === undefined) return
    child.kill('SIGINT')
    const impatience = setTimeout(() => child.kill('SIGKILL'), 20_000)
    await new Promise(resolve => child.once('close', resolve))
    clearTimeout(impatience)
  }

  /** Everything that carries the project's name. Removing twice is the same as removing once. */
  async remove() {
    const list = async (...words) => (await attempt('docker', words)).stdout.split('\n').filter(Boolean)
    const containers = await list('ps', '--all', '--quiet', '--filter', `name=^/?${this.name}-`)
    if (containers.length > 0) await attempt('docker', ['rm', '--force', '--volumes', ...containers])
    const networks = await list('network', 'ls', '--quiet', '--filter', `name=^${this.name}[-_]`)
    if (networks.length > 0) await attempt('docker', ['network', 'rm', ...networks])
    const volumes = await list('volume', 'ls', '--quiet', '--filter', `name=^${this.name}[-_]`)
    if (volumes.length > 0) await attempt('docker', ['volume', 'rm', '--force', ...volumes])
    const tags = ['--filter', `reference=slipway/${this.name}/*`, '--format', '{{.Repository}}:{{.Tag}}']
    const images = await list('image', 'ls', ...tags)
    if (images.length > 0) await attempt('docker', ['image', 'rm', '--force', ...images])
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The example's configuration with one environment, on this machine, and with limits that do not bore a spectator. */
function configuration({ environment, port, healthDeadline, holdLimit, rehearse, warm, format = 'plain' }) {
  return `app: baby-basics
compose: [infra/docker-compose.yml]
env_file: .env
database: db
migrate: { service: api, command: [node, prisma/migrate-deploy.mjs], files: apps/api/prisma/migrations }
health: { path: /api/v1/health, deadline: ${healthDeadline}, warm_up: [/api/v1/feedings] }
edge: { listen: "127.0.0.1:${port}" }
rehearse: ${rehearse}
hold: { limit: ${holdLimit} }
backups: { directory: ../backups, format: ${format}, keep: 5 }
watch: off
warm: ${warm}
environments: { ${environment}: {} }
`
}

function writeEnvironmentFile(file) {
  const password = randomBytes(18).toString('hex')
  const values = {
    DATABASE_URL: `postgresql://baby:${password}@db:5432/baby_basics?schema=public`,
    JWT_SECRET: randomBytes(32).toString('hex'),
    NODE_ENV: 'production',
    PORT: '3000',
    POSTGRES_USER: 'baby',
    POSTGRES_PASSWORD: password,
    POSTGRES_DB: 'baby_basics',
  }
  const lines = Object.entries(values).map(([name, value]) => `${name}="${value}"\n`)
  writeFileSync(file, lines.join(''), { mode: 0o600 })
}

const healthPath = '/api/v1/health'

/** Which version answers healthily there, or why none does. */
export async function versionAt(baseUrl, timeoutMs = 40_000) {
  const { ok, body, failure } = await ask(baseUrl, healthPath, { timeoutMs })
  return ok && body?.status === 'ok' ? body.version : `none (${failure ?? JSON.stringify(body)})`
}

/** The traffic of the example: a third writes; reads that also tell which version answers. */
export const babyTraffic = {
  writes: { path: '/api/v1/feedings', makeBody: id => ({ id, babyName: 'Ada', amountMl: 120 }), share: 1 / 3 },
  reads: [
    { path: healthPath, check: body => body.status === 'ok' },
    { path: '/api/v1/feedings', check: body => Array.isArray(body) && body.every(row => row.amountMl > 0) },
  ],
}

export const idsPath = '/api/v1/feedings/ids'
