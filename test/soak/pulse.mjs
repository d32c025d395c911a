// An app of its own for tests that kill: own folder, SLIPWAY_HOME, edge, port and Compose project, removed at the end.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { docker, lines } from './docker.mjs'
import { findLeaks } from './leaks.mjs'

const root = resolve(import.meta.dirname, '../..')

export class Pulse {
  static async create(options = {}) {
    const pulse = new Pulse(await mkdtemp(join(tmpdir(), 'slipway-')), await freePort(), options)
    await mkdir(pulse.directory)
    await cp(join(root, 'test/apps/pulse'), pulse.directory, { recursive: true })
    return pulse
  }

  /** cli: the built command line. home: SLIPWAY_HOME, when it shall lie elsewhere. rehearse, hold, deadline: as in slipway.yaml. */
  constructor(base, port, { cli = join(root, 'packages/slipway/dist/slipway.js'), home, ...settings }) {
    this.cli = cli
    this.app = `pk-${randomBytes(3).toString('hex')}`
    this.project = `${this.app}-prod`
    this.base = base
    this.directory = join(base, 'app')
    this.home = home ?? join(base, 'home')
    this.port = port
    this.baseUrl = `http://127.0.0.1:${port}`
    this.settings = settings
    /** Variables for the command line, beside those of this process. */
    this.variables = {}
  }

  get store() {
    return join(this.home, 'apps', this.project)
  }

  get doors() {
    return join(this.home, 'edge/doors', this.project)
  }

  /** Makes the folder hold this version; `command` is its migration instead of the app's own. */
  async version(version, { rehearse = this.settings.rehearse ?? 'off', migrates = true, command } = {}) {
    await mkdir(join(this.directory, 'migrations'), { recursive: true })
    if (migrates) await writeFile(join(this.directory, 'migrations/level'), `${version}\n`)
    await writeFile(join(this.directory, '.env'), `PULSE_DB_PASSWORD=pulse\nVERSION=${version}\n`, { mode: 0o600 })
    const migrate = `{ service: web, command: [${command ?? 'node, migrate.mjs'}], files: migrations }`
    await writeFile(
      join(this.directory, 'slipway.yaml'),
      `app: ${this.app}
compose: compose.yaml
env_file: .env
database: db
migrate: ${migrate}
rehearse: ${rehearse}
health: { path: /health, deadline: ${this.settings.deadline ?? '20s'} }
edge: { listen: "127.0.0.1:${this.port}" }
hold: { limit: ${this.settings.hold ?? '60s'} }
drain: { limit: 5s }
watch: ${this.settings.watch ?? '1s'}
warm: ${this.settings.warm ?? 'off'}
backups: { directory: ${join(this.base, 'backups')}, keep: 2 }
retention: { releases: 2, databases: 1 }
${this.settings.extra ?? ''}
environments: { prod: {} }
`,
    )
  }

  options() {
    const own = { SLIPWAY_HOME: this.home, SLIPWAY_EDGE_NAME: `${this.app}-edge`, NO_COLOR: '1', CI: '' }
    return { cwd: this.directory, env: { ...process.env, ...own, ...this.variables } }
  }

  /** Starts the command line; `heard` gets each line that it says on stderr, `input` is piped in. */
  start(argv, heard = () => {}, input) {
    const stdin = input === undefined ? 'ignore' : 'pipe'
    const child = spawn(process.execPath, [this.cli, ...argv], { ...this.options(), stdio: [stdin, 'pipe', 'pipe'] })
    child.stdin?.on('error', () => {}).end(input)
    const said = { stdout: '', stderr: '' }
    let rest = ''
    child.stdout.on('data', more => (said.stdout += more))
    child.stderr.on('data', more => {
      said.stderr += more
      const lines = (rest + more).split('\n')
      rest = lines.pop()
      for (const line of lines) heard(line)
    })
    const ended = new Promise(done => {
      child.on('close', (exitCode, signal) => done({ exitCode, signal, ...said }))
    })
    return { child, ended, said }
  }

  slipway(...argv) {
    return this.start(argv).ended
  }

  /** Undefined: none runs. */
  async guardian() {
    return (await this.processesWhere(argv => argv.includes('__guard') && argv.includes(this.project)))[0]
  }

  /** All processes of Slipway that are at work for this app. */
  processes() {
    const file = join(this.directory, 'slipway.yaml')
    return this.processesWhere(
      (argv, directory) => argv.includes(this.cli) && (argv.includes(file) || directory === this.directory),
    )
  }

  async processesWhere(isWanted) {
    const found = []
    for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
      const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
      const directory = await readlink(`/proc/${pid}/cwd`).catch(() => '')
      if (isWanted(argv, directory)) found.push(Number(pid))
    }
    return found
  }

  /** What the edge leads to: a release, `hold`, or undefined. */
  live() {
    return readlink(join(this.doors, 'live')).catch(() => undefined)
  }

  /** Whether an old release is kept running: also after a watch that was cut off. */
  isWarm() {
    return readFile(join(this.store, 'warm.json')).then(
      () => true,
      () => false,
    )
  }

  /** Waits until every deployment has its end and nobody guards, or watches on, any more; false: not in this time. */
  async settled(limitMs, { warm = (this.settings.warm ?? 'off') !== 'off' } = {}) {
    const endsAt = performance.now() + limitMs
    while ((await this.unfinished()) || (await this.guardian()) !== undefined || (!warm && (await this.isWarm()))) {
      if (performance.now() > endsAt) return false
      await sleep(50)
    }
    return true
  }

  async unfinished() {
    const names = await readdir(join(this.store, 'deployments')).catch(() => [])
    const newest = Math.max(0, ...names.map(name => Number(/^d(\d+)\.jsonl$/.exec(name)?.[1] ?? 0)))
    if (newest === 0) return false
    const text = await readFile(join(this.store, 'deployments', `d${newest}.jsonl`), 'utf8')
    return !/"type":"deployment-finished"/.test(text)
  }

  async history() {
    const text = await readFile(join(this.store, 'history.jsonl'), 'utf8').catch(() => '')
    const records = text
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
    return [...new Map(records.map(record => [record.id, record])).values()]
  }

  /** The versions of all that runs: of one deployment that ended they are one. */
  async versions() {
    const [containers, schema, web] = await Promise.all([
      docker('ps', '-a', '--filter', `label=slipway.project=${this.project}`, '--format', '{{.Names}} {{.State}}'),
      this.sql("select column_name from information_schema.columns where column_name like 'body_v%'"),
      fetch(`${this.baseUrl}/health`, { signal: AbortSignal.timeout(10_000) })
        .then(async answer => (answer.ok ? (await answer.json()).version : `${answer.status} ${await answer.text()}`))
        .catch(error => `no answer: ${error.message}`),
    ])
    const running = []
    for (const line of lines(containers)) {
      const [name, state] = line.split(' ')
      if (!/-(web|worker)-\d+$/.test(name)) continue
      const variables = await docker('inspect', '--format', '{{join .Config.Env " "}}', name)
      running.push({ name, state, version: /VERSION=(\d+)/.exec(variables.replace(/\w+_VERSION=\S+/g, ''))?.[1] })
    }
    return { web, schema: schema.trim().replace('body_v', ''), running }
  }

  sql(statement, database = 'pulse') {
    const argv = ['psql', '-X', '-At', '-U', 'pulse', '-d', database, '-c', statement]
    return docker('exec', `${this.project}-db-1`, ...argv)
  }

  leaks() {
    return findLeaks(this)
  }

  /** Kills the first process of a container as the kernel would; `docker kill` would count as a wish that it stays down. */
  async killContainer(name) {
    const pid = Number(await docker('inspect', '--format', '{{.State.Pid}}', name))
    if (!(pid > 1)) throw new Error(`${name} does not run`)
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if (error.code !== 'EPERM') throw error
      await docker(
        'run',
        '--rm',
        '--pid',
        'host',
        '--cap-add',
        'KILL',
        '--user',
        '0',
        'postgres:16-alpine',
        'kill',
        '-9',
        `${pid}`,
      )
    }
  }

  async destroy() {
    const guardian = await this.guardian()
    if (guardian !== undefined) process.kill(guardian, 'SIGKILL')
    const ids = lines(await docker('ps', '-aq', '--filter', `label=slipway.project=${this.project}`))
    const rest = lines(await docker('ps', '-aq', '--filter', `name=${this.app}`))
    await docker('rm', '-f', '-v', ...new Set([...ids, ...rest])).catch(() => '')
    for (const kind of ['network', 'volume']) {
      const names = lines(await docker(kind, 'ls', '--filter', `name=${this.app}`, '--format', '{{.Name}}'))
      if (names.length > 0) await docker(kind, 'rm', ...names).catch(() => '')
    }
    const tags = lines(
      await docker(
        'image',
        'ls',
        '--filter',
        `reference=slipway/${this.project}/*`,
        '--format',
        '{{.Repository}}:{{.Tag}}',
      ),
    )
    if (tags.length > 0) await docker('image', 'rm', '-f', ...tags).catch(() => '')
    await rm(this.base, { recursive: true, force: true })
    if (dirname(this.home) !== this.base) await rm(this.home, { recursive: true, force: true }).catch(() => undefined)
  }
}

function freePort() {
  return new Promise((done, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}
