import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { DeploymentId, ReleaseId } from '../release/model.ts'

/** Where Slipway keeps its files on a server. Pure. */
export interface Layout {
  home: string
  /** Everything of one environment. */
  environment: string
  lock: string
  history: string
  current: string
  /** Says which release was left running after the switch. */
  warm: string
  /** Held by the process that looks after the warm release. */
  tending: string
  /** What backup and rehearsal took and said. */
  experience: string
  edge: string
  backups: string
  /** Code that was sent here, each folder named by its content. */
  uploads: string
  /** What the containers of uploaded code write to, and what else starts at the folder of slipway.yaml and must last. */
  lasting: string
  /** Slipway's own copy of the Git repository that the code comes from. */
  repository: string
  /** The key with which this server reads it. */
  deployKey: string
  /** What runners were asked to do, and what they tell of it. */
  runs: string
  release(id: ReleaseId): string
  journal(id: DeploymentId): string
  releases: string
  journals: string
}

export function layout(project: string, home = slipwayHome()): Layout {
  const environment = join(home, 'apps', project)
  const releases = join(environment, 'releases')
  const journals = join(environment, 'deployments')
  return {
    home,
    environment,
    releases,
    journals,
    lock: join(environment, 'lock'),
    history: join(environment, 'history.jsonl'),
    current: join(environment, 'current'),
    warm: join(environment, 'warm.json'),
    tending: join(environment, 'tending'),
    experience: join(environment, 'experience.json'),
    edge: join(home, 'edge'),
    backups: join(environment, 'backups'),
    uploads: join(environment, 'uploads'),
    lasting: join(environment, 'files'),
    repository: join(environment, 'repository'),
    deployKey: join(environment, 'deploy-key'),
    runs: join(environment, 'runs'),
    release: id => join(releases, id),
    journal: id => join(journals, `${id}.jsonl`),
  }
}

/** SLIPWAY_HOME, else /var/lib/slipway for root and ~/.local/share/slipway for others. */
export function slipwayHome(environment: NodeJS.ProcessEnv = process.env): string {
  const wanted = environment['SLIPWAY_HOME']
  if (wanted !== undefined && wanted !== '') return isAbsolute(wanted) ? wanted : resolve(wanted)
  return process.getuid?.() === 0 ? '/var/lib/slipway' : join(homedir(), '.local', 'share', 'slipway')
}
