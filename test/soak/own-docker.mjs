// A Docker daemon of our own, to be killed: own network namespace, socket, data and processes. Needs root, `ip` and
// `nsenter`. It has no way to the world, so the images that it needs are brought along.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, openSync, readFileSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { attempt, childEnvironment, run } from '../../lab/process.mjs'

const app = resolve(import.meta.dirname, '../apps/pulse')

export class OwnDocker {
  /** Takes the images from the Docker engine that the environment names. */
  static async create({ liveRestore = false, directory = tmpdir() } = {}) {
    const base = await mkdtemp(join(directory, 'slipway-dockerd-'))
    const own = new OwnDocker({ base, namespace: `slipway-${randomBytes(3).toString('hex')}`, liveRestore })
    try {
      await run('ip', ['netns', 'add', own.namespace])
      await run('ip', ['-n', own.namespace, 'link', 'set', 'lo', 'up'])
      await own.start()
      await own.loadImages()
      return own
    } catch (error) {
      await own.destroy()
      throw error
    }
  }

  /** Any process may take over one that another has made. */
  constructor({ base, namespace, liveRestore }) {
    this.base = base
    this.namespace = namespace
    this.liveRestore = liveRestore
    this.socket = join(base, 'docker.sock')
    this.execRoot = join(base, 'run')
    this.pidFile = join(base, 'docker.pid')
  }

  get environment() {
    return { DOCKER_HOST: `unix://${this.socket}` }
  }

  /** Runs a program where the daemon's host network is. */
  argv(program, ...argumentList) {
    return ['nsenter', [`--net=/run/netns/${this.namespace}`, '--', program, ...argumentList]]
  }

  /** Starts the daemon on whatever the last one left, and waits until it answers. */
  async start() {
    await mkdir(this.execRoot, { recursive: true })
    await writeFile(join(this.base, 'daemon.json'), JSON.stringify({ 'live-restore': this.liveRestore }))
    // Its containerd dies with the daemon; one that nobody has buried yet would be taken for alive, and waited for.
    while (this.processes(/containerd$/).length > 0) await sleep(50)
    await rm(join(this.execRoot, 'containerd/containerd.pid'), { force: true })
    await rm(this.pidFile, { force: true })
    const log = openSync(join(this.base, 'dockerd.log'), 'a')
    const [program, argumentList] = this.argv('dockerd', ...this.daemonArguments())
    const child = spawn(program, argumentList, {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: childEnvironment(),
    })
    child.unref()
    for (let waited = 0; waited < 300; waited += 1) {
      if (child.exitCode !== null) break
      if (existsSync(this.socket) && (await this.answers())) return
      await sleep(100)
    }
    const tail = readFileSync(join(this.base, 'dockerd.log'), 'utf8').trim().split('\n').slice(-12).join('\n')
    throw new Error(`the daemon did not start:\n${tail}`)
  }

  daemonArguments() {
    return [
      ...['--host', `unix://${this.socket}`, '--data-root', join(this.base, 'data'), '--exec-root', this.execRoot],
      ...['--pidfile', this.pidFile, '--config-file', join(this.base, 'daemon.json')],
      ...['--bip', '198.18.128.1/24', '--default-address-pool', 'base=198.19.0.0/16,size=26'],
      // The machine's own containerd, should it run, is not to be killed with it.
      ...['--containerd-namespace', this.namespace, '--containerd-plugins-namespace', `${this.namespace}-plugins`],
      ...['--shutdown-timeout', '5', '--log-level', 'warn'],
    ]
  }

  async answers() {
    const asked = ['info', '--format', '{{.ServerVersion}}']
    return (await attempt('docker', asked, { environment: this.environment, timeout: 5000 })).code === 0
  }

  async loadImages() {
    const base = `slipway-pulse-base:${this.namespace}`
    const images = join(this.base, 'images.tar')
    // The app's packages lie in npm's cache, so that its image is built without a network.
    const dockerfile = join(this.base, 'Dockerfile')
    await writeFile(
      dockerfile,
      `FROM node:22-bookworm-slim
COPY package.json package-lock.json /cached/
RUN cd /cached && npm ci --omit=dev --no-audit --no-fund && rm -r /cached
ENV npm_config_offline=true
`,
    )
    await run('docker', ['build', '--quiet', '--tag', base, '--file', dockerfile, app])
    await run('docker', ['save', '--output', images, base, 'postgres:16-alpine', 'caddy:2'])
    await run('docker', ['image', 'rm', base])
    await run('docker', ['load', '--quiet', '--input', images], { environment: this.environment })
    await run('docker', ['tag', base, 'node:22-bookworm-slim'], { environment: this.environment })
    await rm(images)
  }

  /** Undefined: it does not run. A pid alone proves nothing: it may have been given to another program. */
  pid() {
    const pid = existsSync(this.pidFile) ? Number(readFileSync(this.pidFile, 'utf8')) : 0
    const words = wordsOf(pid)
    return words[0]?.endsWith('dockerd') && words.includes(this.execRoot) ? pid : undefined
  }

  signal(name) {
    const pid = this.pid()
    if (pid !== undefined) kill(pid, name)
  }

  /** The daemon dies as by kill -9; what it leaves, it leaves. */
  async kill() {
    this.signal('SIGKILL')
    while (this.pid() !== undefined) await sleep(10)
  }

  /** Its containerd alone. The daemon starts another. */
  killContainerd() {
    for (const pid of this.processes(/containerd$/)) kill(pid)
  }

  /** As when the machine loses its power: the daemon and all containers at once, and nobody says goodbye. */
  async powerCut(...alsoThese) {
    for (const pid of alsoThese) kill(pid)
    this.signal('SIGKILL')
    this.killAll()
    while (this.pid() !== undefined) await sleep(10)
    // What was being started in that moment.
    this.killAll()
  }

  killAll() {
    for (const pid of this.processes(/containerd(-shim.*)?$/)) {
      const children = childrenOf(pid)
      kill(pid)
      for (const child of children) kill(child)
    }
  }

  processes(program) {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number)
      .filter(pid => {
        const words = wordsOf(pid)
        return program.test(words[0] ?? '') && words.some(word => word.startsWith(`${this.execRoot}/`))
      })
  }

  async destroy() {
    await this.powerCut()
    await sleep(200)
    const points = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map(line => line.split(' ')[1] ?? '')
      .filter(point => point.startsWith(`${this.base}/`))
    for (const point of points.reverse()) await attempt('umount', ['--lazy', point])
    await attempt('ip', ['netns', 'delete', this.namespace])
    await rm(this.base, { recursive: true, force: true })
  }
}

function kill(pid, signal = 'SIGKILL') {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}

function wordsOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
