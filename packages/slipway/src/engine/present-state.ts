import { listContainers } from './containers.ts'
import { docker } from './docker.ts'
import { labels } from './names.ts'

/** What matters of a state service's container most of the time, by one call: it is asked for while requests wait. */
export interface PresentState {
  id: string
  service: string
  running: boolean
  /** Which definition it was made by. */
  definition: string
  networks: string[]
}

export async function presentState(project: string): Promise<PresentState[]> {
  const filters = [`label=${labels.project}=${project}`, `label=${labels.role}=state`]
  const listed = await listContainers(filters)
  if (listed !== undefined) {
    return listed.map(({ Id, State, Labels, NetworkSettings }) => ({
      id: Id,
      service: Labels?.['com.docker.compose.service'] ?? '',
      running: State === 'running',
      definition: Labels?.[labels.state] ?? '',
      networks: Object.keys(NetworkSettings?.Networks ?? {}),
    }))
  }
  const chosen = filters.flatMap(filter => ['--filter', filter])
  return parsePresentState(await docker(['ps', '--all', '--no-trunc', ...chosen, '--format', format]))
}

/** Pure. Neither ids nor the names of services, states and networks can have a blank or a comma in them. */
export function parsePresentState(text: string): PresentState[] {
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => {
      const [id = '', state, definition = '', networks = '', service = ''] = line.split(' ')
      return { id, service, running: state === 'running', definition, networks: networks.split(',').filter(Boolean) }
    })
}

const format = `{{.ID}} {{.State}} {{.Label "${labels.state}"}} {{.Networks}} {{.Label "com.docker.compose.service"}}`
