/** What runners, their images and containers are called. Pure. */

/** One request of an operator to change something: `20261121T173205-4f2a9c`. Names sort by time. */
export type RunId = string

export function isRunId(value: unknown): value is RunId {
  return typeof value === 'string' && /^\d{8}T\d{6}-[0-9a-f]{6}$/.test(value)
}

export function runId(now: Date, random: string): RunId {
  return `${now.toISOString().replace(/[-:]/g, '').slice(0, 15)}-${random}`
}

export const runnerContainer = (project: string, run: RunId): string => `slipway-${project}-${run.toLowerCase()}`

/** The container's label: the environment it deploys. */
export const runnerLabel = 'slipway.runner'

export const sessionCommand = '__session'
export const runnerCommand = '__runner'
export const workCommand = '__work'
/** The answering side of an agreement, on the server that decides. */
export const agreeCommand = '__agree'
/** An end of a release's way to the database. */
export const relayCommand = '__relay'

/** The first line of a session. */
export const greeting = 'slipway session 1'
