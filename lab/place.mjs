// Where the lab keeps its things. Everything can be moved by environment variables, so that a second lab
// (in a network namespace of its own) can be tried beside a running one.
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

// Without root there is never a daemon of ours, only locks to keep.
const root = process.getuid?.() === 0
const directory =
  process.env.SLIPWAY_LAB_DIRECTORY ?? (root ? '/var/lib/slipway-lab' : join(homedir(), '.cache/slipway-lab'))
const runDirectory = process.env.SLIPWAY_LAB_RUN_DIRECTORY ?? '/run/slipway-lab'

export const place = {
  directory,
  runDirectory,
  socket: join(runDirectory, 'docker.sock'),
  pidFile: join(runDirectory, 'docker.pid'),
  forwardPolicy: join(runDirectory, 'forward-policy'),
  execRoot: join(runDirectory, 'engine'),
  dataRoot: join(directory, 'docker'),
  logFile: join(directory, 'docker.log'),
  lockDirectory: join(directory, 'locks'),
  dockerConfig: join(directory, 'docker-config'),
  pluginDirectory: join(directory, 'docker-config', 'cli-plugins'),
  downloads: join(directory, 'downloads'),
  bridge: process.env.SLIPWAY_LAB_BRIDGE ?? 'slipway0',
  // 198.18.0.0/15 is set aside for tests (RFC 2544): it collides with no home, office or cloud network.
  bridgeAddress: '198.18.0.1/24',
  // 1024 networks of 61 addresses: every test project may have several networks of its own.
  addressPool: { base: '198.19.0.0/16', size: 26 },
  // For servers: addresses 198.18.64.0 to 198.18.111.255 are given out by us, the rest by Docker.
  serverNetwork: { subnet: '198.18.64.0/18', gateway: '198.18.64.1', handedOut: '198.18.112.0/20' },
  addressPrefixes: ['198.18.', '198.19.'],
}

const dockerHost = `unix://${place.socket}`

/** The environment in which `docker` speaks to the lab's daemon and finds the plugins that had to be fetched. */
export function labEnvironment() {
  const environment = { DOCKER_HOST: dockerHost, ...pluginEnvironment() }
  if (process.env.DOCKER_CONTEXT) environment.DOCKER_CONTEXT = 'default' // any other would win over DOCKER_HOST
  return environment
}

export function pluginEnvironment() {
  return existsSync(join(place.pluginDirectory, 'docker-compose')) ? { DOCKER_CONFIG: place.dockerConfig } : {}
}
