import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { start, type LabServer, type StartOptions } from '../../../lab/server.mjs'
import { logIn, proveLogin } from '../../../packages/slipway/src/servers/login.ts'
import type { ServerAddress } from '../../../packages/slipway/src/servers/ssh/address.ts'
import type { Connection, OpenOptions } from '../../../packages/slipway/src/servers/ssh/connection.ts'
import { pinKey } from '../../../packages/slipway/src/servers/ssh/pinned-keys.ts'
import type { Wishes } from '../../../packages/slipway/src/servers/setup/wishes.ts'

/** A server of the lab with its key pinned, as a project would have it. */
export class TestServer {
  readonly lab: LabServer
  readonly address: ServerAddress
  readonly folder: string
  readonly reach: OpenOptions & { pinnedKeys: string }

  static async start(settings: Omit<StartOptions, 'name'> = {}): Promise<TestServer> {
    const lab = await start({ name: `test-${randomBytes(4).toString('hex')}`, ...settings })
    const server = new TestServer(lab, await mkdtemp('/tmp/slipway-server-test-'))
    const [type = '', key = ''] = (await lab.hostKey()).split(' ')
    await pinKey(server.reach.pinnedKeys, server.address, { type, key })
    return server
  }

  constructor(lab: LabServer, folder: string) {
    this.lab = lab
    this.folder = folder
    this.address = { name: 'lab', host: lab.address, port: lab.port, user: 'deploy', identityFile: lab.rootKey }
    this.reach = { pinnedKeys: join(folder, 'slipway.hosts'), patience: { connectSeconds: 3 } }
  }

  logIn(user?: string): Promise<Connection> {
    return logIn(this.address, this.reach, user)
  }

  /** A login of its own as the user who deploys, up to being root. */
  proveLogin(): Promise<void> {
    return proveLogin(this.address, this.reach)
  }

  /** Runs a line in it past sshd and firewall. */
  async inside(line: string): Promise<string> {
    const { code, stdout, stderr } = await this.lab.inside(['bash', '-c', line])
    if (code !== 0) throw new Error(`${line}: ${stderr}`)
    return stdout.trim()
  }

  /** Containers whose ports are published to everybody: a program without libraries is image enough. */
  async publish(ports: readonly number[]): Promise<void> {
    await this.inside(`cd /tmp
      tar -C / -c --dereference bin/bash bin/sleep bin/cat $(ldd /bin/bash | grep -o '/[^ ]*') | docker import - tiny >/dev/null
      for port in ${ports.join(' ')}; do docker run -d --name tiny$port -p 0.0.0.0:$port:9 tiny bash -c 'sleep 600'; done`)
  }

  async stop(): Promise<void> {
    await this.lab.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}

export const wishes: Wishes = {
  user: 'deploy',
  app: 'shop',
  adminAddresses: [],
  openPorts: [],
  neighbours: [],
  swapMegabytes: 2048,
}

/** Runs a line on another machine of the same network. */
export async function elsewhere(line: string): Promise<string> {
  const argv = ['run', '--rm', '--network', 'slipway-lab-servers', 'slipway-lab/server:bookworm', 'bash', '-c', line]
  const { stdout } = await promisify(execFile)('docker', argv)
  return stdout.trim()
}

/** What a stranger finds: the ports that answer at all, be it by refusing. */
export async function scan(host: string, ports: readonly number[]): Promise<number[]> {
  const answers = await Promise.all(ports.map(async port => ((await knock(host, port)) ? [port] : [])))
  return answers.flat()
}

function knock(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: 800 })
    const finish = (answered: boolean): void => {
      socket.destroy()
      resolve(answered)
    }
    socket.once('connect', () => finish(true))
    socket.once('timeout', () => finish(false))
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code === 'ECONNREFUSED'))
  })
}

/** Until it holds; false when it never does. */
export async function within(milliseconds: number, holds: () => Promise<boolean>): Promise<boolean> {
  const end = Date.now() + milliseconds
  while (Date.now() < end) {
    if (await holds()) return true
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  return false
}
