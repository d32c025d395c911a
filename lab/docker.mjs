#!/usr/bin/env node
// Makes a Docker engine answer: the machine's own if it has one, else one of the lab's own.
// node lab/docker.mjs up | down | status
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { daemonAnswers, daemonAnswersInTime, daemonPid, endHangingDaemon, startDaemon } from './daemon.mjs'
import { checkRoom } from './disk.mjs'
import { debianKeys, fetchPlugins, installPackages, operatingSystem } from './packages.mjs'
import { labEnvironment, place, pluginEnvironment } from './place.mjs'
import { attempt, hasProgram, logToStandardError, step, withLock } from './process.mjs'
import { registryAnswers } from './registry.mjs'
import { stopDocker } from './stop.mjs'

export { stopDocker }

async function answer(argumentList, environment) {
  const result = await attempt('docker', argumentList, { environment, timeout: 10_000 })
  return result.code === 0 ? result.stdout.trim() : undefined
}

async function hasPlugins(environment) {
  const [compose, buildx] = await Promise.all([
    answer(['compose', 'version', '--short'], environment),
    answer(['buildx', 'version'], environment),
  ])
  const [major = 0, minor = 0] = (compose ?? '').replace(/^v/, '').split('.').map(Number)
  return buildx !== undefined && (major > 2 || (major === 2 && minor >= 20))
}

const engineAnswers = async () => (await answer(['info', '--format', '{{.ServerVersion}}'])) !== undefined
const labAnswers = async () => daemonPid() !== undefined && (await daemonAnswers())

/** What answers already, without changing anything: { environment } or undefined. */
async function findEngine() {
  const [machine, machinePlugins, lab, labPlugins] = await Promise.all([
    engineAnswers(),
    hasPlugins(),
    labAnswers(),
    hasPlugins(pluginEnvironment()),
  ])
  if (machine && machinePlugins) return { environment: {} }
  if (lab && labPlugins) return { environment: labEnvironment() }
  return undefined
}

function howToInstall(system) {
  const lines = [
    'No Docker engine with Compose 2.20 and buildx answers, and only root can install one. Nothing was changed.',
    '',
  ]
  if (system.ID === 'debian' || system.ID_LIKE?.includes('debian')) {
    lines.push(
      'If Docker is installed and runs, you may use it after, as root:',
      '  usermod -aG docker YOUR-USER      (then log in again)',
      'To install it, as root:',
      '  apt-get update',
      '  apt-get install docker.io',
      '  usermod -aG docker YOUR-USER      (then log in again)',
      'Compose v2 and buildx are needed too; where your release has no package for them (Debian 12), use those of Docker:',
    )
  } else lines.push('To install Docker with Compose v2 and buildx:')
  lines.push('  https://docs.docker.com/engine/install/')
  lines.push('Or run this as root on Debian: it then sets up a Docker daemon of its own, apart from any other.')
  return lines.join('\n')
}

async function missingPackages(system) {
  const missing = []
  if (!hasProgram('dockerd')) missing.push('docker.io')
  // Since Debian 13 the client is a package of its own.
  if (!hasProgram('docker') && system.ID === 'debian' && Number(system.VERSION_ID) >= 13) missing.push('docker-cli')
  if (!hasProgram('iptables')) missing.push('iptables')
  if (!hasProgram('ip')) missing.push('iproute2')
  if (!existsSync(debianKeys)) missing.push('debian-archive-keyring')
  // For the stand-ins of images; one run of apt is much quicker than two.
  if (!hasProgram('mmdebstrap') && !(await registryAnswers())) missing.push('mmdebstrap')
  return missing
}

/** Returns { started, environment }: what to add to the environment of every `docker` that is to use the engine. */
export async function ensureDocker({ log = logToStandardError } = {}) {
  const found = await findEngine()
  if (found) return { started: false, ...found }
  const system = operatingSystem()
  const debian = system.ID === 'debian' || system.ID_LIKE?.includes('debian')
  const root = process.getuid?.() === 0
  // Plugins can be fetched by anyone: they go into a folder of ours.
  if (!debian || (!root && !(await engineAnswers()))) throw new Error(howToInstall(system))
  return withLock(join(place.lockDirectory, 'docker'), log, async () => {
    const meanwhile = await findEngine() // while we waited for the lock, another process may have done it all
    return meanwhile ? { started: false, ...meanwhile } : setUpEngine(log, system)
  })
}

async function setUpEngine(log, system) {
  mkdirSync(place.directory, { recursive: true })
  const engineRuns = (await engineAnswers()) || (await labAnswers())
  const missing = engineRuns ? [] : await missingPackages(system)
  if (missing.length > 0) checkRoom('/usr', 0.6)
  checkRoom(place.directory, 0.3)
  if (!(await hasPlugins(pluginEnvironment()))) {
    await Promise.all([
      install(missing, log),
      step(log, `Compose v2 and buildx of Debian 13, unpacked into ${place.pluginDirectory}`, () => fetchPlugins(log)),
    ])
  } else await install(missing, log)
  const living = daemonPid()
  if (living !== undefined) {
    if (await daemonAnswersInTime()) return { started: false, environment: labEnvironment() }
    await step(log, `the lab's Docker daemon (${living}) does not answer, ending it`, () => endHangingDaemon(living))
  }
  // Installed on a machine with systemd, Debian's package has started the machine's own daemon: one is enough.
  if (await engineAnswers()) return { started: false, environment: pluginEnvironment() }
  await step(log, `Docker daemon of the lab's own at ${place.socket}, data in ${place.dataRoot}`, startDaemon)
  return { started: true, environment: labEnvironment() }
}

async function install(missing, log) {
  if (missing.length === 0) return
  await step(log, `Debian packages ${missing.join(', ')}, installed by apt-get`, () => installPackages(missing, log))
}

async function printStatus() {
  const pid = daemonPid()
  const answering = pid !== undefined && (await daemonAnswers())
  const state = pid === undefined ? 'does not run' : `runs as process ${pid}${answering ? '' : ' but does not answer'}`
  process.stdout.write(`the lab's daemon ${state}\n`)
  return answering ? 0 : 3
}

async function main(command) {
  if (command === 'up') {
    const { environment } = await ensureDocker()
    for (const [name, value] of Object.entries(environment)) process.stdout.write(`export ${name}=${value}\n`)
  } else if (command === 'down') await stopDocker()
  else if (command === 'status') return printStatus()
  else {
    process.stderr.write('usage: node lab/docker.mjs up | down | status\n')
    return 2
  }
  return 0
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  try {
    process.exitCode = await main(process.argv[2])
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
