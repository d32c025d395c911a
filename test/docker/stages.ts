import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type CliResult, docker, freePort, lines } from './project.ts'

const cli = join(resolve(import.meta.dirname, '../..'), 'packages/slipway/dist/slipway.js')

/** A small app without a database, with environments of its own on this machine; `destroy` removes all of them. */
export class Stages {
  readonly app = `st-${randomBytes(3).toString('hex')}`
  readonly base: string
  readonly directory: string
  /** By environment: where it answers. */
  readonly ports: Readonly<Record<string, number>>
  /** For the command line, beside those of this process. */
  variables: Record<string, string> = {}

  static async create(...environments: string[]): Promise<Stages> {
    const ports = await Promise.all(environments.map(async name => [name, await freePort()] as const))
    const stages = new Stages(await mkdtemp(join(tmpdir(), 'slipway-')), Object.fromEntries(ports))
    await mkdir(stages.directory)
    return stages
  }

  private constructor(base: string, ports: Record<string, number>) {
    this.base = base
    this.directory = join(base, 'app')
    this.ports = ports
  }

  /** `of`: what slipway.yaml says of single environments, beside where they listen. */
  async configure(top: string, of: Record<string, string> = {}): Promise<void> {
    const environments = Object.entries(this.ports).map(
      ([name, port]) => `  ${name}: { edge: { listen: "127.0.0.1:${port}" }, ${of[name] ?? ''} }\n`,
    )
    await this.write('slipway.yaml', `app: ${this.app}\n${top}\nenvironments:\n${environments.join('')}`)
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.directory, name), text)
  }

  options() {
    const own = { SLIPWAY_HOME: join(this.base, 'home'), SLIPWAY_EDGE_NAME: `${this.app}-edge`, NO_COLOR: '1', CI: '' }
    return { cwd: this.directory, env: { ...process.env, ...own, ...this.variables }, maxBuffer: 64 * 1024 * 1024 }
  }

  slipway(...argv: string[]): Promise<CliResult> {
    return this.piped('', ...argv)
  }

  async piped(input: string | Uint8Array, ...argv: string[]): Promise<CliResult> {
    const { child, ended } = this.start(...argv)
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
    return ended
  }

  start(...argv: string[]): { child: ChildProcess; ended: Promise<CliResult> } {
    const child = spawn(process.execPath, [cli, ...argv], this.options())
    const said = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
    const ended = new Promise<CliResult>(done => {
      child.on('close', code => done({ exitCode: code ?? -1, ...said }))
    })
    return { child, ended }
  }

  /** In a terminal of its own, 24 lines of 80 columns, which `meanwhile` (a line for its shell) may change. */
  async inTerminal(argv: readonly string[], { input = '', meanwhile = ':' } = {}): Promise<CliResult> {
    const words = [process.execPath, cli, ...argv].map(word => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
    const line = `stty rows 24 cols 80; (${meanwhile}) & ${words}`
    const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
      ...this.options(),
      env: { ...this.options().env, TERM: 'xterm', SHELL: '/bin/sh' },
    })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stdin.write(input)
    const exitCode = await new Promise<number>(done => {
      child.on('close', code => done(code ?? -1))
    })
    return { exitCode, stdout, stderr: '' }
  }

  async answer(environment: string): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.ports[environment]}/`, { signal: AbortSignal.timeout(5000) })
    return answer.text()
  }

  /** Makes an image from a Dockerfile and gives it a name. */
  async image(name: string, dockerfile: string): Promise<void> {
    const folder = await mkdtemp(join(this.base, 'image-'))
    await writeFile(join(folder, 'Dockerfile'), dockerfile)
    await promisify(execFile)('docker', ['build', '--quiet', '--tag', name, folder])
  }

  async destroy(): Promise<void> {
    for (const name of Object.keys(this.ports)) {
      const project = `${this.app}-${name}`
      const ids = lines(await docker('ps', '-aq', '--filter', `label=slipway.project=${project}`))
      if (ids.length > 0) await docker('rm', '-f', '-v', ...ids)
      const networks = await docker('network', 'ls', '--filter', `name=${project}`, '--format', '{{.Name}}')
      for (const network of lines(networks)) await docker('network', 'rm', network).catch(() => '')
      const volumes = lines(await docker('volume', 'ls', '-q', '--filter', `name=${project}_`))
      if (volumes.length > 0) await docker('volume', 'rm', '-f', ...volumes).catch(() => '')
    }
    await docker('rm', '-f', '-v', `${this.app}-edge`).catch(() => '')
    // By its names, never by its id: others may have names for it too.
    const format = '{{.Repository}} {{.Tag}} {{.Digest}}'
    const own = lines(await docker('image', 'ls', '--digests', '--format', format)).flatMap(line => {
      const [repository = '', tag, digest] = line.split(' ')
      if (!repository.includes(this.app)) return []
      return [
        ...(tag === '<none>' ? [] : [`${repository}:${tag}`]),
        ...(digest === '<none>' ? [] : [`${repository}@${digest}`]),
      ]
    })
    if (own.length > 0) await docker('image', 'rm', '-f', ...new Set(own)).catch(() => '')
    await rm(this.base, { recursive: true, force: true })
  }
}
