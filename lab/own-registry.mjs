// A registry of the tests' own: Debian's docker-registry on loopback, with logins. Docker speaks to it without TLS,
// because it is on this machine.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.mjs'
import { aptGet } from './packages.mjs'
import { place } from './place.mjs'
import { childEnvironment, logToStandardError, pause, run, withLock } from './process.mjs'

/**
 * Starts a registry that lets only `user` in. It has nothing in it, and forgets everything when it is stopped for good;
 * `down` and `up` are a registry that is away for a while.
 */
export async function startRegistry({ user, password, log = logToStandardError }) {
  const program = await ensureProgram(log)
  const folder = mkdtempSync(join(tmpdir(), 'slipway-registry-'))
  const port = await freePort()
  const registry = {
    host: `localhost:${port}`,
    port,
    folder,
    /** Where it keeps what was pushed: registry/v2/blobs, registry/v2/repositories. */
    data: join(folder, 'data'),
    child: undefined,
    async setPassword(next) {
      writeFileSync(join(folder, 'htpasswd'), `${user}:${await bcrypt(next)}\n`, { mode: 0o600 })
    },
    /** Gives Docker's configuration in that folder the login that it was started with. */
    async login(configuration) {
      const words = ['login', `--username=${user}`, '--password-stdin', registry.host]
      await run('docker', ['--config', configuration, ...words], { input: password })
    },
    async up() {
      registry.child = spawn(program, ['serve', join(folder, 'config.yml')], {
        stdio: 'ignore',
        env: childEnvironment({ OTEL_TRACES_EXPORTER: 'none' }),
      })
      await answers(port, registry.child)
    },
    async down() {
      const { child } = registry
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
    async stop() {
      await registry.down()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await registry.setPassword(password)
  writeFileSync(join(folder, 'config.yml'), configuration(folder, port))
  await registry.up()
  return registry
}

function configuration(folder, port) {
  const quoted = name => JSON.stringify(join(folder, name))
  return `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${quoted('data')} }, delete: { enabled: true } }
auth: { htpasswd: { realm: lab, path: ${quoted('htpasswd')} } }
http: { addr: "127.0.0.1:${port}", secret: lab }
`
}

/** The package is only unpacked: the machine's own package state does not change. */
async function ensureProgram(log) {
  const program = join(place.downloads, 'docker-registry', 'usr/bin/docker-registry')
  if (existsSync(program)) return program
  await withLock(join(place.lockDirectory, 'docker-registry'), log, async () => {
    if (existsSync(program)) return
    mkdirSync(place.downloads, { recursive: true })
    const work = mkdtempSync(join(place.downloads, 'unpacking-'))
    try {
      const download = ['-o', 'APT::Sandbox::User=root', 'download', 'docker-registry']
      await aptGet(download, log, { cwd: work }).catch(async () => {
        await aptGet(['update'], log)
        await aptGet(download, log, { cwd: work })
      })
      const archive = readdirSync(work).find(name => name.endsWith('.deb'))
      await run('dpkg-deb', ['--extract', join(work, archive), join(work, 'unpacked')])
      renameSync(join(work, 'unpacked'), join(place.downloads, 'docker-registry'))
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  })
  return program
}

/** By the C library, which every Debian's Perl asks. */
async function bcrypt(password) {
  const salt = '$2y$05$abcdefghijklmnopqrstuu'
  return run('perl', ['-e', 'chomp(my $p = <STDIN>); print crypt($p, $ARGV[0])', salt], { input: password })
}

async function answers(port, child) {
  for (let waited = 0; waited < 200; waited += 1) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`)
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined)
    if (answer !== undefined) return
    await pause(50)
  }
  throw new Error('docker-registry did not answer in 10 s')
}
