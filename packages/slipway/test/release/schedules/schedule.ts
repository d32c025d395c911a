/** A story that is told to the simulated world: what people do, in order, and what goes wrong at which call. */
export interface Schedule {
  /** What was deployed before the story begins: one release, two with a break of the schema between them, or nothing. */
  begins: 'serving' | 'served-before' | 'empty'
  settings: Settings
  operations: Operation[]
}

export interface Settings {
  rehearse: boolean
  watch: boolean
  warm: boolean
  /** Somebody stays connected by a WebSocket: what is put away is waited for until the drain limit. */
  webSockets: boolean
}

export type Operation =
  | ({ kind: 'deploy'; faults: Fault[] } & ReleaseTraits)
  | { kind: 'rollback'; to: 'previous' | 'newest'; data: 'ask' | 'restore'; faults: Fault[] }
  /** Looks after the warm release, if there is one: from now on, or when its time is over. */
  | { kind: 'tend'; begins: 'now' | 'late'; faults: Fault[] }
  /** Any command that only ends what an earlier one left. */
  | { kind: 'resume'; faults: Fault[] }

/** What the deployed release is like. */
export interface ReleaseTraits {
  content: 'new' | 'same'
  /** `turns-bad`: it is well until it has served for a moment. */
  health: 'good' | 'never' | 'crash' | 'worker-crash' | 'turns-bad'
  migration: 'none' | 'compatible' | 'incompatible'
  migrator: 'works' | 'fails-at-once' | 'fails-half-way' | 'reports-failure' | 'lies'
  /** Whether the migrator does on a copy of the database what it will do on the live one. */
  rehearsal: 'true' | 'too-good'
  state: 'same' | 'changed'
}

/**
 * Something that goes wrong at one call of one process: the call of that number, counted from 0, where those that only
 * poll count three times; or the first call of that name, or the third as `name#3`.
 */
export interface Fault {
  at: number | string
  kind: FaultKind
}

/**
 * `fail-after`: the effect is there, and a failure is reported. `time-out`: as `fail-before`, ten minutes later.
 * `hang`: never answers; unless a limit ends the wait, somebody kills the process. `interrupt`: Ctrl-C, once.
 */
export const faultKinds = [
  'fail-before',
  'fail-after',
  'die-before',
  'die-after',
  'time-out',
  'hang',
  'interrupt',
] as const
export type FaultKind = (typeof faultKinds)[number]

export const good: ReleaseTraits = {
  content: 'new',
  health: 'good',
  migration: 'none',
  migrator: 'works',
  rehearsal: 'true',
  state: 'same',
}

export const plain: Settings = { rehearse: false, watch: false, warm: false, webSockets: false }

export function deploy(traits: Partial<ReleaseTraits> = {}, faults: Fault[] = []): Operation {
  return { kind: 'deploy', ...good, ...traits, faults }
}
