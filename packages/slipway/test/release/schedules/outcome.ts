import type { DeploymentRecord } from '../../../src/release/model.ts'
import { SlipwayError } from '../../../src/support/errors.ts'
import type { Operation, Settings } from './schedule.ts'
import type { Server } from './server.ts'
import { unfinished } from './simulated-ports.ts'

/** How a process of Slipway ended. */
export type Ended =
  | { kind: 'record'; record: DeploymentRecord }
  | { kind: 'said'; text: string }
  | { kind: 'error'; error: unknown }
  | { kind: 'cut off' }

/** What was so before it began. */
export interface Before {
  atRest: boolean
  /** Nothing was wrong with what served. */
  well: boolean
  /** The release that serves does badly, and a warm one would do better. */
  returnable: boolean
}

export function beforehand(server: Server): Before {
  const { current, warm, warmNote } = server
  // Whoever comes when its time is over stops it unseen.
  const hasTime = warmNote !== undefined && Date.parse(warmNote.until) > server.time.date().getTime()
  const well = current === undefined || server.health(current) === 'good'
  return {
    atRest: unfinished(server) === undefined,
    well,
    returnable: !well && hasTime && warm !== undefined && warm !== current && server.health(warm) === 'good',
  }
}

/** What the command says is what has happened, and it is what can be expected of it. */
export function checkEnd(run: FinishedRun): void {
  const { server, operation, before, ended, faults } = run
  if (ended.kind === 'error' || ended.kind === 'record') checkPerson(run)
  if (operation.kind === 'tend' && before.returnable && run.settings.watch && operation.begins === 'now') {
    if (faults === 0 && before.atRest && !(ended.kind === 'said' && ended.text === 'went back'))
      server.violate('a release that turned bad was not left for the warm one')
  }
  if (ended.kind === 'record' && ended.record.outcome !== 'needs-person') checkRecord(run, ended.record)
}

interface FinishedRun {
  server: Server
  settings: Settings
  operation: Operation
  before: Before
  ended: Ended
  faults: number
}

/** Whatever fails once is tried again. */
function checkPerson({ server, before, ended, faults }: FinishedRun): void {
  const wanted =
    ended.kind === 'record'
      ? ended.record.outcome === 'needs-person'
      : ended.kind === 'error' && ended.error instanceof SlipwayError && ended.error.code === 'NEEDS_PERSON'
  if (wanted && before.atRest && faults <= 1) server.violate('a person is needed after a single failure')
}

function checkRecord({ server, settings, operation, before, faults }: FinishedRun, record: DeploymentRecord): void {
  const { outcome } = record
  const serving = outcome === 'deployed' ? record.release : record.previous
  if (serving !== server.current) server.violate(`it says ${outcome}, but ${server.current} is current`)
  if (operation.kind !== 'deploy') return
  const undisturbed = faults === 0 && before.atRest
  const { health, migrator, content } = operation
  if (undisturbed && health === 'good' && migrator === 'works' && outcome !== 'deployed' && outcome !== 'unchanged')
    server.violate(`a good release ends as ${outcome}: ${record.failure?.message}`)
  if (content === 'same' || outcome !== 'deployed') return
  if (health === 'never' || health === 'crash' || health === 'worker-crash')
    server.violate('a bad release was deployed')
  const couldReturn = settings.watch && record.previous !== undefined && record.heldMs === undefined && before.well
  if (health === 'turns-bad' && undisturbed && couldReturn)
    server.violate('a release that turned bad under watch was left to serve')
}
