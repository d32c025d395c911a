import type { ReleaseId } from '../../release/model.ts'
import type { ServerStatus } from '../application.ts'
import type { Screen } from './screen.ts'
import { table, type Cell } from './table.ts'

/** Of several servers, what each has, and what of it a person must not overlook. */
export function serversTable(servers: readonly ServerStatus[], screen: Screen): string[] {
  const { paint } = screen
  const rows = servers.map((server): Cell[] => [
    { text: server.server, style: paint.strong },
    { text: server.host, style: paint.dim },
    server.unreachable === undefined ? { text: server.release ?? 'nothing' } : { text: 'no answer', style: paint.bad },
    { text: edgeWords(server), style: server.edge?.live === 'held' ? paint.warning : paint.dim },
    { text: server.decides ? 'decides' : '', style: paint.dim },
  ])
  return table(
    ['SERVER', 'HOST', 'RELEASE', 'EDGE', 'ROLE'].map(title => ({ title })),
    rows,
    screen,
  )
}

export function serverWarnings(servers: readonly ServerStatus[], current: ReleaseId | undefined): string[] {
  return servers.flatMap(server => {
    const { server: name, unreachable, release, edge, unfinished, lock, decides } = server
    if (unreachable !== undefined) return [`${name}: ${unreachable}`]
    const found: string[] = []
    if (lock === undefined && unfinished !== undefined && !decides) {
      found.push(`${name}: ${unfinished} was cut off; the next command brings it to its end`)
    }
    if (release !== current) found.push(`${name} has ${release ?? 'nothing'}, not ${current ?? 'nothing'}`)
    if (edge === undefined || release === undefined) return found
    if (edge.live === 'held') found.push(`the edge of ${name} holds requests: they wait`)
    else if (edge.live !== release)
      found.push(`the edge of ${name} sends requests to ${edge.live ?? 'nothing'}, not to ${release}`)
    return found
  })
}

function edgeWords({ edge }: ServerStatus): string {
  if (edge === undefined) return ''
  return edge.live === 'held' ? 'holds' : (edge.live ?? 'nobody')
}
