import type { ReleaseTraits } from '../schedules/schedule.ts'

/** What is deployed to several servers, in order, and what goes wrong meanwhile. */
export interface Story {
  servers: 2 | 3
  /** `apart`: the first has the database only, and a third one workers only; else each has everything. */
  shape: 'alike' | 'apart'
  /** The last one is added after the first deployment. */
  isLastLate: boolean
  deployments: FleetDeployment[]
}

export interface FleetDeployment {
  /** A rollback brings the data of then back, if the older release needs them. */
  kind: 'deploy' | 'rollback'
  migration: ReleaseTraits['migration']
  migrator: ReleaseTraits['migrator']
  rehearse: boolean
  watch: boolean
  /** Of the new release, on each server. */
  health: ReleaseTraits['health'][]
  state: 'same' | 'changed'
  /** The same content as what serves. */
  content: ReleaseTraits['content']
  /** A server that gets other code than the others. */
  strayed?: number
  faults: FleetFault[]
  outages: Outage[]
  /** How long after its death a process is taken up by the next. */
  takenUpAfterMs: number
}

/** One call of one process fails, or is its last. `turn`: the process that began, or the one that takes up after it. */
export interface FleetFault {
  server: number
  turn: number
  at: number | string
  kind: 'fail-before' | 'fail-after' | 'die-before' | 'die-after' | 'time-out'
}

/** `cut`: it and the server that decides do not reach each other. `down`: no power. */
export interface Outage {
  server: number
  kind: 'cut' | 'down'
  atMs: number
  forMs: number
}

export const calm: FleetDeployment = {
  kind: 'deploy',
  migration: 'none',
  migrator: 'works',
  rehearse: true,
  watch: true,
  health: ['good', 'good', 'good'],
  state: 'same',
  content: 'new',
  faults: [],
  outages: [],
  takenUpAfterMs: 1000,
}
