import { runnerCommand, runnerContainer, runnerLabel, sessionCommand, type RunId } from './names.ts'

/**
 * How Slipway's containers are started on a server. Pure: argv arrays for docker. Folders are mounted at the path they
 * have, because the paths that this code gives to Docker are the server's.
 */
export function sessionArgv({ project, environment, ...place }: SessionPlace): string[] {
  return [
    'docker',
    'run',
    '--rm',
    '--interactive',
    // What goes through the session is nobody's log.
    '--log-driver=none',
    ...common(place),
    sessionCommand,
    project,
    environment,
  ]
}

export interface SessionPlace extends Place {
  project: string
  environment: string
}

/** Started and left alone. Docker starts it again when it dies, or when the machine starts, until it has ended well. */
export function runnerArgv({ project, run, ...place }: RunnerPlace): string[] {
  return [
    'run',
    '--detach',
    '--restart=on-failure',
    // Docker that is restarted brings no app back before the last container has stopped: what is cut off is ended later.
    '--stop-timeout=10',
    `--name=${runnerContainer(project, run)}`,
    `--label=${runnerLabel}=${project}`,
    ...common(place),
    runnerCommand,
    project,
    run,
  ]
}

export interface RunnerPlace extends Place {
  project: string
  run: RunId
}

/** Runners of this environment that have ended well. */
export function endedRunnersArgv(project: string): string[] {
  const filters = [`label=${runnerLabel}=${project}`, 'status=exited', 'exited=0']
  return ['ps', '--all', '--quiet', ...filters.map(filter => `--filter=${filter}`)]
}

/** The names of those that live. */
export function runningRunnersArgv(project: string): string[] {
  const filters = [`label=${runnerLabel}=${project}`, 'status=running']
  return ['ps', ...filters.map(filter => `--filter=${filter}`), '--format={{.Names}}']
}

/** What both kinds of containers are told of the server. */
export interface Place {
  image: string
  /** Slipway's own folder there. */
  home: string
  /** Folders beside it that are made when they are not there, such as the one for backups. */
  folders: readonly string[]
  /** Files beside it that are read, such as a secret with a path of its own. */
  files: readonly string[]
  /** Which server of its environment it is; absent: the environment has one. */
  server?: string
}

/** How the session, which starts the runner, knows its own place. */
export const placeVariable = 'SLIPWAY_RUNNER_PLACE'

function common(place: Place): string[] {
  const { image, home, folders, files } = place
  return [
    '--pull=never',
    // Reaps what the programs of a deployment leave behind.
    '--init',
    // Whether an address is free, and what the public sees, is a question about the server's network.
    '--network=host',
    // The folders are root's on the server, and Docker's socket gives all rights anyhow.
    '--user=0:0',
    '--userns=host',
    '--security-opt=label=disable',
    `--env=SLIPWAY_HOME=${home}`,
    // Logins to registries, made on the server for Slipway alone.
    `--env=DOCKER_CONFIG=${home}/docker`,
    `--env=${placeVariable}=${JSON.stringify(place)}`,
    ...[socket, home, ...folders].map(path => `--volume=${path}:${path}`),
    ...files.map(path => `--mount=type=bind,readonly,source=${path},target=${path}`),
    image,
  ]
}

const socket = '/var/run/docker.sock'
