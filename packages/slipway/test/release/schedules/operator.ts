import type { EnvironmentConfig } from '../../../src/config/model.ts'
import type { Plan, Release, ReleaseId } from '../../../src/release/model.ts'
import { planWarmRollback } from '../../../src/cli/wiring/warm-target.ts'
import { planDeployment, planRollback } from '../../../src/release/plan.ts'
import type { Ports } from '../../../src/release/ports.ts'
import { SlipwayError } from '../../../src/support/errors.ts'
import { live } from './databases.ts'
import { fingerprintOf, makeRelease, services, type Image, type Migration } from './image.ts'
import type { Operation } from './schedule.ts'
import type { Server } from './server.ts'

/** The people who write the app and deploy it: their repository, and what they ask for. */
export class Operator {
  private readonly server: Server
  private readonly config: EnvironmentConfig
  /** A migration that was taken back is mended under another name; one that has left its traces stays. */
  private migrations: readonly Migration[] = []
  private newest: readonly Migration[] = []
  private contents = 0

  constructor(server: Server, config: EnvironmentConfig) {
    this.server = server
    this.config = config
  }

  begin(operation: Operation): Planner {
    switch (operation.kind) {
      case 'deploy':
        return this.beginDeploy(operation)
      case 'rollback':
        return { ...nothingFetched, makePlan: ports => this.planRollback(operation, ports) }
      case 'tend':
        return { ...nothingFetched, makePlan: ports => this.planReturn(ports) }
      case 'resume':
        return nothingFetched
    }
  }

  end(): void {
    const database = this.server.databases.get(live)
    const added = this.newest.at(-1)
    if (added !== undefined && (database?.applied.has(added.id) === true || database?.half.has(added.id) === true))
      this.migrations = this.newest
  }

  private beginDeploy(operation: Extract<Operation, { kind: 'deploy' }>): Planner {
    const { image, content, state } = this.repository(operation, this.recorded())
    return {
      fetched: id => {
        this.server.images.set(id, image)
        return makeRelease(id, content, image.migrations, state)
      },
      makePlan: async ports => {
        const [serving, history] = await Promise.all([ports.releases.current(), ports.journal.history()])
        const reachable = await ports.database?.reachable()
        return planDeployment({
          config: this.config,
          services: services.map(service => ({ ...service, builds: true })),
          commit: undefined,
          current: serving,
          migrationFingerprint: fingerprintOf(image.migrations),
          history,
          database: reachable === true ? await ports.database?.state() : undefined,
          databaseBytes: reachable === true ? 1 : undefined,
        })
      },
    }
  }

  /** What people believe, also after a deployment that was cut off behind its switch: they deploy code of before it again. */
  private recorded(): Release | undefined {
    const { current, releases } = this.server
    return current === undefined ? undefined : releases.get(current)
  }

  private repository(
    operation: Extract<Operation, { kind: 'deploy' }>,
    current: Release | undefined,
  ): { image: Image; content: string; state: string } {
    const known = current === undefined ? undefined : this.server.images.get(current.id)
    if (operation.content === 'same' && current !== undefined && known !== undefined) {
      return { image: known, content: current.version, state: current.stateFingerprint }
    }
    this.contents += 1
    const { health, migrator, rehearsal } = operation
    const added: Migration = { id: `m${this.contents}`, compatible: operation.migration === 'compatible' }
    this.newest = operation.migration === 'none' ? this.migrations : [...this.migrations, added]
    return {
      image: { traits: { health, migrator, rehearsal }, migrations: this.newest },
      content: `v${this.contents}`,
      state: operation.state === 'changed' ? `state ${this.contents}` : (current?.stateFingerprint ?? 'state'),
    }
  }

  /** To the warm release, by nobody's order. */
  private async planReturn(ports: Ports): Promise<Plan> {
    const [current, releases, history, note] = await Promise.all([
      ports.releases.current(),
      ports.releases.all(),
      ports.journal.history(),
      ports.warm?.read(),
    ])
    const input = {
      config: this.config,
      current,
      wanted: note?.release,
      releases,
      history,
      asked: undefined,
      confirmed: false,
    }
    const plan = await planWarmRollback(input, ports)
    if (plan !== undefined) return plan
    throw new SlipwayError('NO_RELEASE', 'There is no warm release any more')
  }

  private async planRollback(operation: Extract<Operation, { kind: 'rollback' }>, ports: Ports): Promise<Plan> {
    const [current, releases, history, kept, backups] = await Promise.all([
      ports.releases.current(),
      ports.releases.all(),
      ports.journal.history(),
      ports.database?.leftBehind() ?? Promise.resolve([]),
      ports.backups.list(),
    ])
    const asked = operation.data === 'restore' ? ('restore' as const) : undefined
    const newest = releases.filter(release => release.id !== current?.id && deployed(release.id)).at(-1)?.id
    const input = {
      config: this.config,
      current,
      wanted: operation.to === 'newest' ? newest : undefined,
      releases,
      history,
      asked,
      confirmed: asked === 'restore',
    }
    const warm = await planWarmRollback(input, ports)
    if (warm !== undefined) return warm
    return planRollback({
      ...input,
      existing: origin =>
        origin.kind === 'snapshot' ? kept.includes(origin.database) : backups.some(({ file }) => file === origin.file),
    })

    function deployed(id: ReleaseId): boolean {
      return history.some(record => record.outcome === 'deployed' && record.release === id)
    }
  }
}

export interface Planner {
  makePlan(ports: Ports): Promise<Plan>
  /** What a fetch finds. */
  fetched(id: ReleaseId): Release
}

const nothingFetched: Planner = {
  makePlan: () => Promise.reject(new SlipwayError('INTERRUPTED', 'There is nothing else to do')),
  fetched: () => {
    throw new SlipwayError('BUG', 'Only a deployment fetches')
  },
}
