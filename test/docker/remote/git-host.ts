import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LabServer } from '../../../lab/server.mjs'

const exec = promisify(execFile)

/**
 * A host of Git repositories: the sshd of one of the lab's servers, which lets a user in for nothing but git. Git itself
 * is that of the runner's image, as the server has none: from the first contact on, it is there.
 */
export class GitHost {
  readonly server: LabServer
  readonly repository: string

  static async on(server: LabServer, name = 'shop'): Promise<GitHost> {
    const host = new GitHost(server, `/srv/git/${name}.git`)
    const program = `#!/bin/sh
image=$(docker image ls --format '{{.Repository}}:{{.Tag}}' slipway-runner | head -n 1)
exec docker run --rm --interactive --network none --volume "/srv/git:/srv/git:$1" --entrypoint git "$image" \\
  -c safe.directory='*' shell -c "$SSH_ORIGINAL_COMMAND"
`
    await host.inside(['sh', '-c', 'cat > /usr/local/bin/git-host; chmod 755 /usr/local/bin/git-host'], program)
    await host.inside(['useradd', '--create-home', '--groups', 'docker', 'git'])
    await host.inside(['install', '-d', '-m', '700', '-o', 'git', '-g', 'git', '/home/git/.ssh', '/srv/git'])
    const { stdout } = await exec('ssh-keygen', ['-y', '-f', server.rootKey])
    await host.letIn(stdout, 'rw')
    return host
  }

  constructor(server: LabServer, repository: string) {
    this.server = server
    this.repository = repository
  }

  get address(): string {
    return `ssh://git@${this.server.address}${this.repository}`
  }

  /** As a person adds a deploy key on the host's page. */
  async letIn(publicKey: string, may: 'ro' | 'rw' = 'ro'): Promise<void> {
    const line = `restrict,command="/usr/local/bin/git-host ${may}" ${publicKey.trim()}\n`
    const file = '/home/git/.ssh/authorized_keys'
    await this.inside(['sh', '-c', `cat >> ${file}; chown git: ${file}; chmod 600 ${file}`], line)
  }

  async letNobodyIn(): Promise<void> {
    await this.inside(['sh', '-c', ': > /home/git/.ssh/authorized_keys'])
  }

  /** The first commits come before there is a git on the host. */
  async create(work: string): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-bare-'))
    try {
      await exec('git', ['clone', '--quiet', '--bare', work, join(folder, 'bare')])
      await exec('docker', ['cp', join(folder, 'bare'), `${this.server.container}:${this.repository}`])
      await this.inside(['chown', '-R', 'root:root', this.repository])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  /** Over SSH, as anybody pushes. */
  async push(work: string, ...references: string[]): Promise<void> {
    const ssh = ['-F', 'none', '-i', this.server.rootKey, '-o', 'IdentitiesOnly=yes', '-o', 'StrictHostKeyChecking=no']
    const command = ['ssh', ...ssh, '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'].join(' ')
    const env = { ...process.env, GIT_SSH_COMMAND: command }
    await exec('git', ['-C', work, 'push', '--quiet', '--force', this.address, ...references], { env })
  }

  async inside(argv: string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.server.inside(argv, input === undefined ? {} : { input })
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr.trim()}`)
    return stdout
  }
}

/** Where somebody writes the app: files become a commit. */
export class Author {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
  }

  async git(...argv: string[]): Promise<string> {
    const person = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgSign=false']
    return (await exec('git', ['-C', this.directory, ...person, ...argv])).stdout.trim()
  }

  async commit(branch: string, message: string, files: Record<string, string>): Promise<string> {
    await this.git('checkout', '--quiet', '-B', branch)
    for (const [name, content] of Object.entries(files)) await writeFile(join(this.directory, name), content)
    await this.git('add', '--all')
    await this.git('commit', '--quiet', '--allow-empty', `--message=${message}`)
    return this.git('rev-parse', 'HEAD')
  }
}
