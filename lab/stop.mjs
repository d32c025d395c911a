// Stops the lab's daemon, and only that, and takes back what it changed in the machine's network.
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine, daemonPid, endDaemon, leftoverProcesses, removeLeftovers, unmountLeftovers } from './daemon.mjs'
import { place } from './place.mjs'
import { attempt, logToStandardError, pause, step, withLock } from './process.mjs'

const isOurs = text => place.addressPrefixes.some(prefix => text.includes(prefix))

/** The bridges of the lab: those with an address out of our pools. */
async function ourBridges() {
  const { stdout } = await attempt('ip', ['-oneline', '-4', 'address', 'show'])
  const names = stdout
    .split('\n')
    .filter(isOurs)
    .map(line => line.split(/\s+/)[1] ?? '')
  return [...new Set([place.bridge, ...names.filter(name => name.startsWith('br-'))])]
}

/** Another Docker in this network shares the chains of rules, so they must stay. */
function anotherDaemonRuns() {
  const here = networkNamespace('self')
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .some(pid => /(^|\/)dockerd$/.test(commandLine(pid)[0] ?? '') && networkNamespace(pid) === here)
}

function networkNamespace(pid) {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return undefined
  }
}

async function removeRules(table, bridges, everything) {
  const iptables = (...words) => attempt('iptables', ['--wait', '--table', table, ...words])
  const lines = (await iptables('--list-rules')).stdout.split('\n')
  // Not DOCKER_OUTPUT and the like: inside a container those lead to its name server.
  const dockerChains = lines
    .map(line => line.split(' ')[1])
    .filter(word => word === 'DOCKER' || word?.startsWith('DOCKER-'))
  for (const line of lines.filter(text => text.startsWith('-A '))) {
    const words = line.split(' ')
    const named = words.some(word => bridges.includes(word)) || isOurs(line)
    const docker = everything && words.some(word => dockerChains.includes(word))
    if (named || docker) await iptables('--delete', ...words.slice(1))
  }
  if (!everything) return
  for (const chain of dockerChains) await iptables('--flush', chain)
  for (const chain of dockerChains) await iptables('--delete-chain', chain)
}

async function restoreNetwork(bridges) {
  const everything = !anotherDaemonRuns()
  for (const table of ['filter', 'nat', 'raw']) await removeRules(table, bridges, everything)
  if (everything) {
    try {
      const policy = readFileSync(place.forwardPolicy, 'utf8').trim()
      await attempt('iptables', ['--wait', '--policy', 'FORWARD', policy])
    } catch {
      // The daemon was never started here, so it changed nothing.
    }
  }
  for (const bridge of bridges) await attempt('ip', ['link', 'delete', bridge])
}

/** Stops our daemon if it runs, and removes what a daemon of ours that was killed has left behind. */
export async function stopDocker({ log = logToStandardError } = {}) {
  return withLock(join(place.lockDirectory, 'docker'), log, async () => {
    const pid = daemonPid()
    if (pid === undefined) log("the lab's daemon does not run")
    if (pid === undefined && leftoverProcesses().length === 0 && !existsSync(place.runDirectory))
      return { stopped: false }
    const bridges = await ourBridges()
    if (pid !== undefined) {
      await step(log, `stopping the lab's Docker daemon (${pid})`, () => endDaemon(pid))
    }
    removeLeftovers()
    await pause(100)
    await unmountLeftovers()
    await restoreNetwork(bridges)
    rmSync(place.runDirectory, { recursive: true, force: true })
    return { stopped: pid !== undefined }
  })
}
