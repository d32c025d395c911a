#!/usr/bin/env node
// Servers as containers: systemd and sshd, bare or with Docker inside, reached over SSH like any other server.
// node lab/server.mjs start NAME [--docker] [--images NAME,NAME] [--release trixie|jammy|noble] | stop NAME | list
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { ensureDocker } from './docker.mjs'
import { ensureImages } from './images.mjs'
import { usualImages } from './images/table.mjs'
import { place } from './place.mjs'
import { attempt, logToStandardError, run } from './process.mjs'
import { runServer, startLimitMs, until, waitForDocker } from './server/container.mjs'
import { ensureServerImage } from './server/images.mjs'
import { ensureServerNetwork, serverNetwork, someAddress } from './server/network.mjs'
import { seedVolume } from './server/seed.mjs'

/**
 * Starts a server and returns when it answers (with `docker`: also its Docker). One of the same name is replaced.
 * `images`: what its Docker has from the start; true: the usual ones. `release`: another bare one than Debian 12, by its
 * code name (trixie: Debian 13; jammy, noble: Ubuntu 22.04, 24.04).
 */
export async function start({ name, docker = false, images = false, release = 'bookworm', log = logToStandardError }) {
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(name)) throw new Error(`not a name for a server: ${name}`)
  const { environment } = await ensureDocker({ log })
  const kind = docker || images ? 'docker' : release === 'bookworm' ? 'bare' : release
  const image = await ensureServerImage(kind, { log, environment })
  await ensureServerNetwork(log, environment)
  await remove(name, environment)
  const rootKey = await newKey(name)
  const volume = volumeOf(name)
  try {
    await run('docker', ['volume', 'create', '--label', 'slipway.lab=server', volume], { environment })
    if (images) {
      const names = images === true ? usualImages : images
      await ensureImages(names, { log, environment })
      await seedVolume(volume, names, { log, environment })
    }
    const authorizedKey = readFileSync(`${rootKey}.pub`, 'utf8').trim()
    const settings = { container: containerOf(name), volume, image, hostName: name, authorizedKey, environment }
    const address = await runAtFreeAddress(settings)
    const server = serverOf({ name, address, rootKey, docker, environment })
    await server.answers()
    return server
  } catch (error) {
    await remove(name, environment)
    throw error
  }
}

/** The servers that run, as [{ name, address }]. */
export async function list(environment = {}) {
  const format = `{{.Name}} {{(index .NetworkSettings.Networks "${serverNetwork}").IPAddress}}`
  const filter = ['ps', '--quiet', '--filter', 'label=slipway.lab=server']
  const identifiers = (await run('docker', filter, { environment })).split('\n').filter(Boolean)
  if (identifiers.length === 0) return []
  const lines = (await run('docker', ['inspect', '--format', format, ...identifiers], { environment }))
    .trim()
    .split('\n')
  return lines
    .map(line => line.replace(`/${containerOf('')}`, '').split(' '))
    .map(([name, address]) => ({ name, address }))
}

export async function stop(name, environment = {}) {
  await remove(name, environment)
}

const containerOf = name => `slipway-lab-server-${name}`
const volumeOf = name => `${containerOf(name)}-docker`
const folderOf = name => join(place.directory, 'servers', name)

function serverOf({ name, address, rootKey, docker, environment }) {
  const container = containerOf(name)
  const inDocker = argumentList => run('docker', argumentList, { environment })
  const server = {
    name,
    address,
    port: 22,
    /** File with the private key of root (and of `deploy`, where that user is there from the start). */
    rootKey,
    container,
    /** Its public key as it lies on its disk: `ssh-ed25519 AAAA…`. */
    async hostKey() {
      const line = await inDocker(['exec', container, 'cat', '/etc/ssh/ssh_host_ed25519_key.pub'])
      return line.trim().split(' ').slice(0, 2).join(' ')
    },
    /** Runs a program in it, not over SSH: for looking, whatever sshd and firewall say. { code, stdout, stderr } */
    inside: (argumentList, options = {}) =>
      attempt(
        'docker',
        ['exec', ...(options.input === undefined ? [] : ['--interactive']), container, ...argumentList],
        {
          environment,
          ...options,
        },
      ),
    async answers() {
      await until(startLimitMs, `sshd of ${name} at ${address}`, () => greets(address, 22))
      // While it starts, only root may log in.
      await until(startLimitMs, `the end of the start of ${name}`, async () => {
        const { code } = await server.inside(['test', '!', '-e', '/run/nologin'])
        return code === 0
      })
      if (docker) await waitForDocker(container, environment)
    },
    /** As when the power goes: `docker kill`, and on again. */
    async crash() {
      await inDocker(['kill', container])
      await inDocker(['start', container])
      await server.answers()
    },
    async reboot() {
      await inDocker(['restart', '--time', '20', container])
      await server.answers()
    },
    stop: () => remove(name, environment),
  }
  return server
}

async function newKey(name) {
  const folder = folderOf(name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'root')
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `root of ${name}`, '-f', file])
  return file
}

async function runAtFreeAddress(settings) {
  for (let tries = 0; ; tries += 1) {
    const address = someAddress()
    try {
      await runServer({ ...settings, network: serverNetwork, address })
      return address
    } catch (error) {
      if (tries >= 5 || !/[Aa]ddress already in use/.test(error.message)) throw error
      await attempt('docker', ['rm', '--force', settings.container], { environment: settings.environment })
    }
  }
}

async function remove(name, environment) {
  await attempt('docker', ['rm', '--force', '--volumes', containerOf(name)], { environment })
  await attempt('docker', ['volume', 'rm', '--force', volumeOf(name)], { environment })
  rmSync(folderOf(name), { recursive: true, force: true })
}

/** Does sshd say who it is? A port that only accepts is not enough. */
function greets(host, port) {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: 500 })
    const finish = answer => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('data', data => finish(data.toString('latin1').startsWith('SSH-2.0')))
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => finish(false))
  })
}

async function main() {
  const { values, positionals } = parseArgs({
    options: { docker: { type: 'boolean' }, images: { type: 'string' }, release: { type: 'string' } },
    allowPositionals: true,
  })
  const [verb, name] = positionals
  if (verb === 'start' && name !== undefined) {
    const images = values.images === undefined ? values.docker === true : values.images.split(',').filter(Boolean)
    const server = await start({
      name,
      docker: values.docker === true,
      images: images.length === 0 ? false : images,
      release: values.release,
    })
    const { address, port, rootKey, container } = server
    process.stdout.write(
      `${JSON.stringify({ name, address, port, rootKey, container, hostKey: await server.hostKey() }, null, 2)}\n`,
    )
    return 0
  }
  const { environment } = await ensureDocker()
  if (verb === 'stop' && name !== undefined) await stop(name, environment)
  else if (verb === 'list')
    for (const each of await list(environment)) process.stdout.write(`${each.name}\t${each.address}\n`)
  else {
    process.stderr.write(
      'usage: node lab/server.mjs start NAME [--docker] [--images NAME,NAME] [--release trixie|jammy|noble] | stop NAME | list\n',
    )
    return 2
  }
  return 0
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  try {
    process.exitCode = await main()
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
