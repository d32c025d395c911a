import type { RunResult } from '../support/run.ts'
import { notStartedExitCode, run, timedOutExitCode } from '../support/run.ts'
import { SlipwayError } from '../support/errors.ts'

/** A PostgreSQL server that runs as a container of the Docker Engine. */
export interface DatabaseServer {
  /** The id or name of the container now; undefined: it is not there. Asked again for each use. */
  container(): Promise<string | undefined>
  /** The role Slipway works as: a superuser, as the official image makes it. */
  user: string
  /** That role's password; only ever handed on through the environment. */
  password?: string
}

/** The one database of the app on that server. */
export interface LiveDatabase {
  server: DatabaseServer
  name: string
  now: () => Date
}

/** Runs a program inside the server's container. A failing program is a value. */
export async function execute(
  server: DatabaseServer,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<RunResult> {
  const { container, environment } = await target(server)
  return run('docker', execArgv(container, argv, { user: options.user, environment: Object.keys(environment) }), {
    environment,
    timeoutMs: options.timeoutMs ?? 60_000,
    ...(options.input === undefined ? {} : { input: options.input }),
  })
}

export interface ExecOptions {
  /** `uid:gid` to run as; default: the container's own. */
  user?: string | undefined
  input?: string | Uint8Array
  timeoutMs?: number
}

/** The container, and what its programs need in their environment. */
export async function target(
  server: DatabaseServer,
): Promise<{ container: string; environment: Record<string, string> }> {
  const container = await server.container()
  if (container === undefined) {
    throw new SlipwayError('DATABASE_UNREACHABLE', 'The database does not answer', {
      why: 'its container does not run',
      next: 'Look at `docker ps -a` and at the logs of the database service.',
    })
  }
  return { container, environment: server.password === undefined ? {} : { PGPASSWORD: server.password } }
}

/** `docker exec` by argv. Variables are named here and valued in the environment of the docker CLI, never in argv. */
export function execArgv(
  container: string,
  argv: readonly string[],
  options: { user?: string | undefined; environment: readonly string[] },
): string[] {
  const user = options.user === undefined ? [] : ['--user', options.user]
  return ['exec', '-i', ...user, ...options.environment.flatMap(name => ['-e', name]), container, ...argv]
}

/** Whether the program itself never ran or was cut off: the container, Docker or the connection is at fault. */
export function isEngineFault(result: RunResult): boolean {
  if ([125, 126, notStartedExitCode, timedOutExitCode, 137].includes(result.exitCode)) return true
  return /error response from daemon|cannot connect to the docker daemon|no such container|is not running/i.test(
    result.stderr,
  )
}
