/**
 * Every error that Slipway raises on purpose: one code each, with its exit code.
 * An error says what was attempted, why it failed, what state things are in now and what to do next.
 */
export class SlipwayError extends Error {
  readonly code: ErrorCode
  readonly why: string | undefined
  readonly state: string | undefined
  readonly next: string | undefined
  readonly problems: readonly Problem[]
  readonly output: readonly string[]

  constructor(code: ErrorCode, attempted: string, details: ErrorDetails = {}) {
    super(attempted, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'SlipwayError'
    this.code = code
    this.why = details.why
    this.state = details.state
    this.next = details.next
    this.problems = details.problems ?? []
    this.output = details.output ?? []
  }

  get exitCode(): number {
    return errorCatalogue[this.code].exit
  }
}

export interface ErrorDetails {
  /** The reason, in one sentence. */
  why?: string | undefined
  /** What state things are in now: what serves, what was left behind. */
  state?: string | undefined
  /** What the person should do next, preferably a command. */
  next?: string | undefined
  /** Mistakes in files, each with its place. */
  problems?: readonly Problem[] | undefined
  /** The last lines a failed program or container printed. */
  output?: readonly string[] | undefined
  cause?: unknown
}

/** One mistake in a file a person wrote. */
export interface Problem {
  severity: 'error' | 'warning'
  file: string
  /** 1-based; 0 when the place is the file as a whole. */
  line: number
  /** 1-based; 0 when the place is the file as a whole. */
  column: number
  /** Path inside the document, as in `environments.prod.edge`. */
  path: string
  message: string
  /** What is allowed and how to mend it. */
  mend: string
}

/** Exit codes are a contract: docs/reference/exit-codes.md. */
export const exitCodes = {
  ok: 0,
  failedNothingChanged: 1,
  usage: 2,
  rolledBack: 3,
  needsPerson: 4,
  locked: 5,
  changesPending: 6,
  bug: 70,
  interrupted: 130,
} as const

export const errorCatalogue = {
  USAGE: { exit: exitCodes.usage, means: 'The command line is not of the form that the command takes.' },
  CONFIG_NOT_FOUND: { exit: exitCodes.usage, means: 'No slipway.yaml in this directory or above it.' },
  CONFIG_INVALID: { exit: exitCodes.usage, means: 'slipway.yaml or a Compose file has mistakes; all are listed.' },
  COMPOSE_INVALID: { exit: exitCodes.usage, means: 'Docker Compose itself refuses the Compose files.' },
  ENVIRONMENT_UNKNOWN: { exit: exitCodes.usage, means: 'The environment is not in slipway.yaml.' },
  LOCKED: {
    exit: exitCodes.locked,
    means:
      'Another deployment of this environment, or another set-up of this server, is under way; or another process writes the same file.',
  },
  ENGINE_UNAVAILABLE: { exit: exitCodes.failedNothingChanged, means: 'Docker Engine does not answer.' },
  ENGINE_FAILED: { exit: exitCodes.failedNothingChanged, means: 'A Docker command failed.' },
  DISK_FULL: { exit: exitCodes.failedNothingChanged, means: 'Too little free disk space.' },
  SECRET_MISSING: {
    exit: exitCodes.failedNothingChanged,
    means: 'A variable or secret file that the app needs is missing.',
  },
  SECRET_INVALID: {
    exit: exitCodes.failedNothingChanged,
    means: 'A secret does not fit what slipway.yaml declares of it.',
  },
  SECRET_EXPOSED: { exit: exitCodes.usage, means: 'A secret stands in clear in what Git keeps.' },
  HISTORY_INCOMPLETE: {
    exit: exitCodes.failedNothingChanged,
    means:
      'There is no history of the folder, not all of it, or it can not be read, so it was not searched for secrets.',
  },
  SECRETS_INVALID: { exit: exitCodes.usage, means: 'A file of secrets can not be read or written.' },
  SECRETS_TAMPERED: {
    exit: exitCodes.failedNothingChanged,
    means: 'A file of secrets was changed by somebody who can not read it, or by hand.',
  },
  AGE_KEY_UNUSABLE: {
    exit: exitCodes.failedNothingChanged,
    means: 'No age key at hand opens the secrets, or its file is open to others.',
  },
  PORT_IN_USE: { exit: exitCodes.failedNothingChanged, means: 'Another program listens where the edge should.' },
  SOURCE_FAILED: { exit: exitCodes.failedNothingChanged, means: 'The code could not be fetched.' },
  BUILD_FAILED: { exit: exitCodes.failedNothingChanged, means: 'An image does not build or can not be pulled.' },
  REGISTRY_FAILED: {
    exit: exitCodes.failedNothingChanged,
    means: 'A registry does not answer, refuses the login, or does not have the very image that is wanted.',
  },
  PROMOTION_REFUSED: {
    exit: exitCodes.failedNothingChanged,
    means: 'What one environment runs is not proven there, or something else than that would run in the other.',
  },
  DATABASE_UNREACHABLE: {
    exit: exitCodes.failedNothingChanged,
    means: 'The database does not answer or refuses the login.',
  },
  DATABASE_FAILED: { exit: exitCodes.failedNothingChanged, means: 'A statement on the database failed.' },
  BACKUP_FAILED: { exit: exitCodes.failedNothingChanged, means: 'The backup could not be made or did not verify.' },
  RESTORE_FAILED: { exit: exitCodes.failedNothingChanged, means: 'A backup or snapshot could not be restored.' },
  HOLD_FAILED: {
    exit: exitCodes.failedNothingChanged,
    means: 'Requests could not be held or the database not be fenced.',
  },
  HOLD_TOO_LONG: {
    exit: exitCodes.failedNothingChanged,
    means: 'The hold reached its limit before the release was ready.',
  },
  REHEARSAL_FAILED: {
    exit: exitCodes.failedNothingChanged,
    means: 'The migration failed on a copy of the database. Production was not touched.',
  },
  MIGRATION_FAILED: {
    exit: exitCodes.failedNothingChanged,
    means: 'The migration failed, or claimed success without doing its work.',
  },
  START_FAILED: { exit: exitCodes.failedNothingChanged, means: 'The new release could not be started.' },
  WATCH_FAILED: {
    exit: exitCodes.rolledBack,
    means: 'The new release did badly after the switch; the old one took over again.',
  },
  GATE_FAILED: {
    exit: exitCodes.failedNothingChanged,
    means: 'The new release did not become healthy in time, crashed or exited.',
  },
  EDGE_FAILED: { exit: exitCodes.failedNothingChanged, means: 'The edge could not be started or does not answer.' },
  HOOK_FAILED: { exit: exitCodes.failedNothingChanged, means: 'A hook exited with an error.' },
  NO_RELEASE: { exit: exitCodes.failedNothingChanged, means: 'There is no such release to go back to or look at.' },
  CONTAINER_STOPPED: { exit: exitCodes.failedNothingChanged, means: 'The container that was asked for does not run.' },
  SERVER_UNKNOWN: { exit: exitCodes.usage, means: 'The server is not in slipway.yaml.' },
  SERVER_UNREACHABLE: { exit: exitCodes.failedNothingChanged, means: 'The server does not answer over SSH.' },
  LOGIN_REFUSED: {
    exit: exitCodes.failedNothingChanged,
    means: 'The server, or the host of a repository, does not accept the login.',
  },
  HOST_KEY_UNKNOWN: {
    exit: exitCodes.failedNothingChanged,
    means: 'The key of the server, or of the host of a repository, is not pinned yet, so that nothing is sent to it.',
  },
  HOST_KEY_CHANGED: {
    exit: exitCodes.failedNothingChanged,
    means: 'The server, or the host of a repository, answers with another key than the pinned one. Nothing was sent.',
  },
  SERVER_LOST: { exit: exitCodes.needsPerson, means: 'The connection to the server broke while something ran there.' },
  ELSEWHERE_FAILED: {
    exit: exitCodes.failedNothingChanged,
    means: 'Another server of the environment failed or is silent, so that this one does not go on either.',
  },
  SERVER_COMMAND_FAILED: { exit: exitCodes.failedNothingChanged, means: 'A command on the server failed.' },
  SERVER_UNSUITABLE: {
    exit: exitCodes.failedNothingChanged,
    means: 'The server can not be set up: another system, no right to become root, or something in the way.',
  },
  CLOCK_WRONG: {
    exit: exitCodes.failedNothingChanged,
    means: 'The clocks of the server and of this machine differ too much.',
  },
  RUNNER_FAILED: {
    exit: exitCodes.failedNothingChanged,
    means: 'The runner could not be brought to the server or started there, or it does not answer.',
  },
  UPLOAD_FAILED: {
    exit: exitCodes.failedNothingChanged,
    means: 'The code could not be read here, or did not arrive whole on the server.',
  },
  SETUP_FAILED: {
    exit: exitCodes.failedNothingChanged,
    means: 'Setting up the server stopped at a control; what was done before it stays and the rest is not done.',
  },
  CONFIRMATION_NEEDED: {
    exit: exitCodes.usage,
    means: 'The command would lose data and needs an explicit confirmation.',
  },
  NEEDS_PERSON: { exit: exitCodes.needsPerson, means: 'The way back itself failed: a person must look.' },
  INTERRUPTED: { exit: exitCodes.interrupted, means: 'The command was interrupted.' },
  BUG: { exit: exitCodes.bug, means: 'Slipway met a state it should never meet. Please report it.' },
} as const satisfies Record<string, { exit: number; means: string }>

export type ErrorCode = keyof typeof errorCatalogue

/** Wraps whatever was thrown, so that a person always gets a code and never a bare stack. */
export function asSlipwayError(thrown: unknown, attempted: string, code: ErrorCode = 'BUG'): SlipwayError {
  if (thrown instanceof SlipwayError) return thrown
  return new SlipwayError(code, attempted, {
    why: thrown instanceof Error ? thrown.message : String(thrown),
    cause: thrown,
  })
}
