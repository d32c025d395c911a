// The lab's own Docker daemon: own socket, own data, own bridge, own addresses. A developer's Docker is never touched.
import { spawn } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { labEnvironment, place } from './place.mjs'
import { attempt, childEnvironment, pause, run } from './process.mjs'

export function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** The pid of our daemon, or undefined. Its pid file is not asked: it may be gone, or of an earlier life. */
export function daemonPid() {
  return processes().find(pid => {
    const words = commandLine(pid)
    return words[0]?.endsWith('dockerd') && words.includes(place.dataRoot)
  })
}

function processes() {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
}

export async function daemonAnswers() {
  const result = await attempt('docker', ['info', '--format', '{{.ServerVersion}}'], {
    environment: labEnvironment(),
    timeout: 5000,
  })
  return result.code === 0
}

/** Under load an answer may take its time; a daemon is given a minute before it counts as hanging. */
export async function daemonAnswersInTime() {
  for (let tries = 0; tries < 12; tries += 1) {
    if (await daemonAnswers()) return true
    await pause(500)
  }
  return false
}

/** Ends our daemon: by request, and by force where it does not listen. */
export async function endDaemon(pid, patienceSeconds = 30) {
  kill(pid, 'SIGTERM')
  for (let waited = 0; daemonPid() === pid && waited < patienceSeconds * 10; waited += 1) await pause(100)
  if (daemonPid() === pid) kill(pid, 'SIGKILL')
}

/** A daemon that hangs is ended; what each of its threads waits for is kept beside its log. The files, as far as any. */
export async function endHangingDaemon(pid) {
  const known = new Set(stacks())
  for (const each of [pid, ...leftoverProcesses().filter(isContainerd)]) kill(each, 'SIGUSR1')
  await pause(2000)
  const kept = stacks()
    .filter(name => !known.has(name))
    .map(from => ({ from, to: join(place.directory, basename(from)) }))
  for (const { from, to } of kept) copyFileSync(from, to)
  await endDaemon(pid, 10)
  return kept.map(each => each.to)
}

const isContainerd = pid => commandLine(pid)[0]?.endsWith('containerd')

/** Where dockerd and containerd write what their threads do. */
function stacks() {
  return [place.execRoot, tmpdir()].flatMap(folder =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter(name => /^goroutine-stacks|^containerd\.\d+\.stacks/.test(name))
          .map(name => join(folder, name))
      : [],
  )
}

/** What an earlier daemon left running: its containerd and the shims of its containers. */
export function leftoverProcesses() {
  const mark = `${place.execRoot}/`
  return processes().filter(pid => {
    const words = commandLine(pid)
    return /containerd(-shim.*)?$/.test(words[0] ?? '') && words.some(word => word.startsWith(mark))
  })
}

export function removeLeftovers() {
  for (const pid of leftoverProcesses()) {
    // A shim's container processes are its children: their session ends with the container's first process.
    for (const child of childrenOf(pid)) kill(child, 'SIGKILL')
    kill(pid, 'SIGKILL')
  }
}

function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

export function kill(pid, signal) {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}

/** Mounts below our folders that a killed daemon left behind; the innermost first. */
export async function unmountLeftovers() {
  const mine = [`${place.dataRoot}/`, `${place.runDirectory}/`]
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
    .filter(point => mine.some(start => point.startsWith(start)))
    .reverse()
  for (const point of points) await attempt('umount', ['--lazy', point])
}

async function prepareBridge() {
  const known = await attempt('ip', ['link', 'show', place.bridge])
  if (known.code !== 0) await run('ip', ['link', 'add', 'name', place.bridge, 'type', 'bridge'])
  await run('ip', ['address', 'replace', place.bridgeAddress, 'dev', place.bridge])
  await run('ip', ['link', 'set', place.bridge, 'up'])
}

/** Containers must not send larger packets than the way out of the machine takes (clouds often have 1400 or 1450). */
export function largestPacket() {
  const route = readFileSync('/proc/net/route', 'utf8')
    .split('\n')
    .map(line => line.split('\t'))
  const device = route.find(fields => fields[1] === '00000000')?.[0]
  const file = `/sys/class/net/${device}/mtu`
  return device && existsSync(file) ? Math.min(1500, Number(readFileSync(file, 'utf8'))) : 1500
}

/** The policy to put back when the daemon stops: Docker sets it to DROP, also for a daemon of ours that was killed. */
async function forwardPolicy() {
  if (existsSync(place.forwardPolicy)) return readFileSync(place.forwardPolicy, 'utf8')
  const rules = await attempt('iptables', ['--list-rules', 'FORWARD'])
  return /-P FORWARD (\w+)/.exec(rules.stdout)?.[1] ?? 'ACCEPT'
}

export async function startDaemon() {
  removeLeftovers()
  await unmountLeftovers()
  const policy = await forwardPolicy()
  rmSync(place.runDirectory, { recursive: true, force: true }) // stale socket and pid files of an earlier life
  for (const folder of [place.runDirectory, place.execRoot, place.dataRoot]) mkdirSync(folder, { recursive: true })
  await prepareBridge()
  writeFileSync(place.forwardPolicy, policy)

  if (existsSync(place.logFile)) renameSync(place.logFile, `${place.logFile}.1`)
  const log = openSync(place.logFile, 'a')
  const configFile = join(place.directory, 'daemon.json')
  writeFileSync(configFile, '{}\n')
  const argumentList = [
    '--host',
    `unix://${place.socket}`,
    '--data-root',
    place.dataRoot,
    '--exec-root',
    place.execRoot,
    '--pidfile',
    place.pidFile,
    '--bridge',
    place.bridge,
    '--default-address-pool',
    `base=${place.addressPool.base},size=${place.addressPool.size}`,
    '--mtu',
    String(largestPacket()),
    // Should the machine's own containerd run, our containers stay in a namespace of their own there.
    '--containerd-namespace',
    'slipway-lab',
    '--containerd-plugins-namespace',
    'slipway-lab-plugins',
    '--config-file',
    configFile, // settings of the machine's own Docker are not for us
    '--shutdown-timeout',
    '5',
    '--log-level',
    'warn',
  ]
  const child = spawn('dockerd', argumentList, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: childEnvironment(),
  })
  let ended
  child.on('error', error => {
    ended = error.message
  })
  child.on('exit', code => {
    ended ??= `dockerd ended with ${code}`
  })
  for (let waited = 0; waited < 300; waited += 1) {
    if (ended) break
    if (existsSync(place.socket) && (await daemonAnswers())) {
      child.unref()
      return
    }
    await pause(100)
  }
  const tail = readFileSync(place.logFile, 'utf8').trim().split('\n').slice(-12).join('\n  ')
  throw new Error(`The lab's Docker daemon did not start: ${ended ?? 'no answer in 30 s'}.\n  ${tail}`)
}
