// The app of the kill tests on a server of its own, deployed from here over SSH.
import { mkdir, mkdtemp, cp, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ensureDocker } from '../../lab/docker.mjs'
import { ensureImages } from '../../lab/images.mjs'
import { start } from '../../lab/server.mjs'
import { Pulse } from './pulse.mjs'

const root = resolve(import.meta.dirname, '../..')
const publicPort = 8080

export class PulseOnServer extends Pulse {
  /**
   * name: of the lab's server, so that nobody else's is replaced. images: what its Docker has from the start; true: the
   * usual ones.
   */
  static async create({ name, images = true, ...options }) {
    const { environment } = await ensureDocker({ log: () => {} })
    Object.assign(process.env, environment)
    // What the image of the runner is made of.
    await ensureImages(['node:22-bookworm-slim', 'docker:28-cli'], { log: () => {} })
    const server = await start({ name, docker: true, images, log: () => {} })
    const relay = await relayTo(server.address, publicPort)
    const pulse = new PulseOnServer(await mkdtemp(join(tmpdir(), 'slipway-')), relay.port, options)
    pulse.server = server
    pulse.relay = relay
    await mkdir(pulse.directory)
    await cp(join(root, 'test/apps/pulse'), pulse.directory, { recursive: true })
    await writeFile(join(pulse.directory, 'slipway.hosts'), `${server.address} ${await server.hostKey()} lab\n`)
    return pulse
  }

  get store() {
    return join('/var/lib/slipway/apps', this.project)
  }

  async version(version, options) {
    await super.version(version, options)
    const file = join(this.directory, 'slipway.yaml')
    const { address, rootKey } = this.server
    const text = (await readFile(file, 'utf8'))
      .replace(/^edge: .*/m, `edge: { listen: "0.0.0.0:${publicPort}" }`)
      .replace(/^backups: .*/m, 'backups: { directory: backups, keep: 2 }')
      .replace(/^environments: .*/m, 'environments: { prod: { server: lab } }')
    await writeFile(file, `${text}servers:\n  lab: { host: ${address}, user: deploy, identity: ${rootKey} }\n`)
  }

  options() {
    return { cwd: this.directory, env: { ...process.env, NO_COLOR: '1', CI: '', ...this.variables } }
  }

  /** A program on the server; throws unless it ends well. */
  async inside(...argv) {
    const { code, stdout, stderr } = await this.server.inside(argv, { timeout: 60_000 })
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr.trim()}`)
    return stdout
  }

  sql(statement, database = 'pulse') {
    const psql = ['psql', '-X', '-At', '-U', 'pulse', '-d', database, '-c', statement]
    return this.inside('docker', 'exec', `${this.project}-db-1`, ...psql)
  }

  async history() {
    const text = await this.inside('cat', join(this.store, 'history.jsonl')).catch(() => '')
    const records = text
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
    return [...new Map(records.map(record => [record.id, record])).values()]
  }

  /** The runners that are there, newest last, as `name status`. */
  async runners() {
    const argv = ['ps', '--all', '--filter', 'label=slipway.runner', '--format', '{{.Names}} {{.Status}}']
    return (await this.inside('docker', ...argv)).split('\n').filter(Boolean).sort()
  }

  async versions() {
    const filter = `label=slipway.project=${this.project}`
    const names = (
      await this.inside('docker', 'ps', '-a', '--filter', filter, '--format', '{{.Names}} {{.State}}')
    ).split('\n')
    const running = []
    for (const line of names.filter(Boolean)) {
      const [name, state] = line.split(' ')
      if (!/-(web|worker)-\d+$/.test(name)) continue
      const variables = await this.inside('docker', 'inspect', '--format', '{{join .Config.Env " "}}', name)
      running.push({ name, state, version: /VERSION=(\d+)/.exec(variables.replace(/\w+_VERSION=\S+/g, ''))?.[1] })
    }
    const web = await fetch(`${this.baseUrl}/health`, { signal: AbortSignal.timeout(10_000) })
      .then(async answer => (answer.ok ? (await answer.json()).version : `${answer.status}`))
      .catch(error => `no answer: ${error.message}`)
    const columns = "select column_name from information_schema.columns where column_name like 'body_v%'"
    return { web, schema: (await this.sql(columns)).trim().replace('body_v', ''), running }
  }

  async destroy() {
    this.relay?.close()
    await this.server?.stop()
    const { rm } = await import('node:fs/promises')
    await rm(this.base, { recursive: true, force: true })
  }
}

/** Traffic goes to loopback only; this leads on to the server. */
function relayTo(host, port) {
  return new Promise((done, reject) => {
    const server = createServer(from => {
      const to = connect({ host, port })
      from.pipe(to).pipe(from)
      from.on('error', () => to.destroy())
      to.on('error', () => from.destroy())
    })
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => done({ port: server.address().port, close: () => server.close() }))
  })
}
