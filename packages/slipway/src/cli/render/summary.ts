import type { DeploymentRecord, Outcome } from '../../release/model.ts'
import type { Carried } from '../application.ts'
import { oneLine } from './harmless.ts'
import { wrap } from './layout.ts'
import type { Screen } from './screen.ts'
import type { Story } from './story.ts'
import { labelled } from './trouble.ts'
import { duration, plural } from './words.ts'

/** The result of a deployment or rollback: what serves now, and how to undo it. */
export function deploymentSummary(record: Carried, place: Place, story: Story, screen: Screen): string {
  const { mark, color, words } = look(record, screen)
  const headline = oneLine(`${place.app} ${place.environment}: ${words}`)
  const lines = wrap(headline, screen.columns() - 3).map(screen.paint.strong)
  const facts = factsOf(record, place, story).flatMap(([label, text]) => labelled(label, text, screen, labelColumns))
  return [...lines.map((line, index) => `${index === 0 ? color(mark) : ' '} ${line}`), ...facts, ''].join('\n')
}

export interface Place {
  app: string
  environment: string
}

const labelColumns = 10

function look(
  record: DeploymentRecord,
  screen: Screen,
): { mark: string; color: (text: string) => string; words: string } {
  const { paint, symbols } = screen
  const time = duration(record.seconds)
  const attempt = `${record.kind} ${record.id}`
  const release = record.release ?? record.version
  const looks: Record<Outcome, { mark: string; color: (text: string) => string; words: string }> = {
    deployed: {
      mark: symbols.done,
      color: paint.good,
      words: record.kind === 'rollback' ? `back on ${release} in ${time}` : `${release} is live after ${time}`,
    },
    unchanged: { mark: symbols.done, color: paint.good, words: `nothing to do, ${release} is already live` },
    failed: { mark: symbols.failed, color: paint.bad, words: `${attempt} failed after ${time}; nothing was changed` },
    'rolled-back': {
      mark: symbols.undone,
      color: paint.warning,
      words: `${attempt} failed and was rolled back in ${time}`,
    },
    'needs-person': {
      mark: symbols.failed,
      color: paint.bad,
      words: `${attempt} failed and so did the way back: a person must look`,
    },
  }
  return looks[record.outcome]
}

function factsOf(record: Carried, place: Place, story: Story): [string, string | undefined][] {
  const { commit, migration } = record
  const good = record.outcome === 'deployed' || record.outcome === 'unchanged'
  return [
    ['version', oneLine([record.version, commit?.subject].filter(part => part !== undefined).join('  '))],
    ['now', story.serving],
    ['servers', serversWords(record)],
    ['beware', record.doubt],
    ['because', record.because],
    [
      'held',
      record.heldMs === undefined || record.heldMs === 0
        ? undefined
        : `requests were held for ${duration(record.heldMs / 1000)}`,
    ],
    ['migrated', migration?.changed === true ? migrationWords(migration.changes) : undefined],
    ['backup', record.backup],
    ['undo', undoCommand(record, place)],
    ['next', good ? undefined : nextCommand(record.outcome, place)],
  ]
}

/** One line when all are alike; else one each. */
function serversWords({ servers = [] }: Carried): string | undefined {
  if (servers.length === 0) return undefined
  const names = servers.map(({ server, decides }) => oneLine(decides ? `${server} (decides)` : server)).join(', ')
  if (new Set(servers.map(({ outcome, release }) => `${outcome} ${release}`)).size === 1) return names
  return servers
    .map(({ server, outcome, release, why }) =>
      oneLine(
        [`${server}:`, outcome ?? 'not known', release, why === undefined ? undefined : `(${why})`]
          .filter(part => part !== undefined)
          .join(' '),
      ),
    )
    .join('\n')
}

function migrationWords(changes: readonly { breaking: boolean }[]): string {
  const breaking = changes.filter(change => change.breaking).length
  return `${plural(changes.length, 'change')}, ${breaking === 0 ? 'none breaking' : `${breaking} breaking`}`
}

function undoCommand(record: DeploymentRecord, place: Place): string | undefined {
  if (record.outcome !== 'deployed' || record.previous === undefined) return undefined
  return `slipway rollback ${place.environment}${record.kind === 'rollback' ? ` ${record.previous}` : ''}`
}

function nextCommand(outcome: Outcome, place: Place): string {
  return outcome === 'needs-person' ? `slipway status ${place.environment}` : `slipway history ${place.environment}`
}
