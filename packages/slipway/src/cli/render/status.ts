import type { EdgeStatus, ServiceStatus, StatusReport } from '../application.ts'
import { oneLine } from './harmless.ts'
import { imageColumn, shortImage } from './image.ts'
import { wrap } from './layout.ts'
import { outcomeCell } from './history.ts'
import { serversTable, serverWarnings } from './status-servers.ts'
import type { Screen } from './screen.ts'
import { table, type Cell } from './table.ts'
import { labelled } from './trouble.ts'
import { ago, bytes, localTime, plural } from './words.ts'

/** `status`: what serves, how it does, and what is unusual. */
export function statusText(status: StatusReport, now: Date, screen: Screen): string {
  const { paint } = screen
  const fact = (label: string, text: string | undefined): string[] => labelled(label, text, screen, labelColumns)
  return [
    paint.strong(oneLine(`${status.app} ${status.environment}`)),
    ...warnings(status).flatMap(text => warningLines(text, screen)),
    ...fact('release', releaseWords(status, now)),
    ...fact('warm', warmWords(status)),
    ...fact('edge', edgeWords(status.servers === undefined ? status.edge : withoutLink(status.edge))),
    ...fact('database', databaseWords(status.database)),
    ...fact('alert', alertWords(status)),
    ...fact('last', lastWords(status, now, screen)),
    ...(status.servers === undefined ? [] : ['', ...serversTable(status.servers, screen)]),
    ...(status.services.length === 0 ? [] : ['', ...servicesTable(status.services, screen)]),
    '',
  ].join('\n')
}

const labelColumns = 10

function warningLines(text: string, screen: Screen): string[] {
  return wrap(oneLine(text), screen.columns() - 5).map((line, index) =>
    screen.paint.warning(`  ${index === 0 ? '!' : ' '} ${line}`),
  )
}

/** What a person must not overlook. */
function warnings(status: StatusReport): string[] {
  const { current, servers, lock, unfinished, database, services, environment } = status
  const found: string[] = []
  if (lock !== undefined) {
    const details = [
      lock.by === undefined ? '' : ` by ${lock.by}`,
      lock.since === undefined ? '' : ` since ${localTime(lock.since)}`,
    ]
    found.push(`under way: ${lock.purpose}${details.join('')}`)
  } else if (unfinished !== undefined) {
    found.push(`${unfinished} was cut off; the next deploy or rollback brings it to its end`)
  }
  found.push(...(servers === undefined ? edgeWarnings(status) : serverWarnings(servers, current?.release)))
  if (database?.reachable === false) found.push(`database ${database.name} does not answer`)
  const ill = services.filter(service => service.role !== 'job' && stateOf(service).ill)
  const names = ill.map(({ name, server }) => (server === undefined ? name : `${name} on ${server}`))
  if (ill.length > 0) found.push(`not well: ${names.join(', ')}; see: slipway logs ${environment} ${ill[0]?.name}`)
  return found
}

function edgeWarnings({ current, edge }: StatusReport): string[] {
  if (edge.live === 'held') return ['the edge holds requests: they wait']
  if (current === undefined || edge.mode === 'none' || edge.live === current.release) return []
  return [`the edge sends requests to ${edge.live ?? 'nothing'}, not to ${current.release}`]
}

function releaseWords({ current }: StatusReport, now: Date): string {
  if (current === undefined) return 'nothing deployed yet'
  const what = [current.release, current.version, current.commit?.subject].filter(part => part !== undefined).join('  ')
  return `${oneLine(what)}\nsince ${localTime(current.since)} (${ago(current.since, now)})`
}

function warmWords({ warm, environment }: StatusReport): string | undefined {
  if (warm === undefined) return undefined
  const back = `slipway rollback ${oneLine(environment)} goes back at once`
  if (warm.tended) return `${warm.release} until ${localTime(warm.until)}: ${back}`
  return `${warm.release}: ${back}\nnobody looks after it: the next deployment stops it`
}

/** Each server has one of its own. */
function withoutLink({ mode, addresses }: EdgeStatus): EdgeStatus {
  return { mode, addresses }
}

function edgeWords({ mode, addresses, live }: EdgeStatus): string | undefined {
  if (mode === 'none') return undefined
  return [...addresses, ...(live === undefined ? [] : [live === 'held' ? '(holding)' : `(${live})`])].join('  ')
}

function databaseWords(database: StatusReport['database']): string | undefined {
  if (database === undefined) return undefined
  const size = database.sizeBytes === undefined ? '' : `  ${bytes(database.sizeBytes)}`
  const left = database.leftBehind
  const copies = left.length === 0 ? '' : `\nkept of before: ${left.map(oneLine).join(', ')}`
  return `${oneLine(database.name)}${size}${database.reachable ? '' : '  does not answer'}${copies}`
}

function alertWords({ alert }: StatusReport): string | undefined {
  if (alert === undefined) return undefined
  const told = alert.told === undefined ? '' : `: the hook was told "${alert.told}"`
  return [
    `${alert.problems.length === 0 ? 'all is well' : 'it does badly'}${told}`,
    ...alert.problems.map(oneLine),
  ].join('\n')
}

function lastWords({ lastDeployment }: StatusReport, now: Date, screen: Screen): string | undefined {
  if (lastDeployment === undefined) return undefined
  const { id, outcome, kind, startedAt, by, failure } = lastDeployment
  const why = failure === undefined ? '' : `\n${oneLine(`${failure.step}: ${failure.message}`)}`
  return `${id}  ${outcomeCell(outcome, kind, screen).text}  ${ago(startedAt, now)} by ${oneLine(by)}${why}`
}

function servicesTable(services: readonly ServiceStatus[], screen: Screen): string[] {
  const { paint } = screen
  const rows = services.map((service): Cell[] => {
    const { words, ill } = stateOf(service)
    return [
      { text: service.server ?? '', style: paint.dim },
      { text: service.name },
      { text: service.role ?? '', style: paint.dim },
      { text: words, style: ill ? paint.bad : paint.good },
      { text: detailsOf(service), style: paint.dim },
      { text: service.image === undefined ? '' : shortImage(service.image), style: paint.dim },
    ]
  })
  const titles = ['SERVER', 'SERVICE', 'ROLE', 'STATE', 'CONTAINERS'].map(title => ({ title }))
  return table([...titles, ...imageColumn(services)], rows, screen)
}

/** A service is as well as its worst container. */
function stateOf(service: ServiceStatus): { words: string; ill: boolean } {
  const { containers, role } = service
  if (containers.length === 0) return { words: 'no container', ill: role !== 'job' }
  const stopped = containers.find(each => each.status !== 'running')
  if (stopped !== undefined) {
    const finished = role === 'job' && stopped.status === 'exited' && stopped.exitCode === 0
    return { words: finished ? 'finished' : stopped.status, ill: !finished }
  }
  if (containers.some(each => each.health === 'unhealthy')) return { words: 'unhealthy', ill: true }
  if (containers.some(each => each.health === 'starting')) return { words: 'starting', ill: false }
  return { words: containers.every(each => each.health === 'healthy') ? 'healthy' : 'running', ill: false }
}

function detailsOf({ containers }: ServiceStatus): string {
  const restarts = containers.reduce((sum, each) => sum + each.restarts, 0)
  const killed = containers.some(each => each.outOfMemory)
  const failed = containers.find(each => each.status !== 'running' && each.exitCode !== 0)
  return [
    containers.length === 0 ? '' : plural(containers.length, 'container'),
    restarts === 0 ? '' : plural(restarts, 'restart'),
    failed === undefined ? '' : `exit code ${failed.exitCode}`,
    killed ? 'killed for memory' : '',
  ]
    .filter(text => text !== '')
    .join(', ')
}
