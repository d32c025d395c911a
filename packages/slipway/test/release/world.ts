import type { Event } from '../../src/release/events.ts'
import type { DeploymentId, DeploymentRecord, Plan, Release, ReleaseId } from '../../src/release/model.ts'
import type { BackupFile, ContainerState, InFlight, Ports, WarmNote } from '../../src/release/ports.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { config } from './sample-config.ts'
import { isWorker, makeRelease } from './sample-release.ts'

/** What a call does instead of its work: fail before or after its effect, or take the whole process with it. */
export type Fault = 'fail-before' | 'fail-after' | 'die-before' | 'die-after'

/** Thrown in place of a process's death: nothing of the deployment runs after it. */
export class Death extends Error {}

interface StoredDatabase {
  schema: string
  rows: number
}

/** A server in memory: what survives a death is in fields here, what dies with the process is in `ports()`. */
export class World {
  now = 0
  live: ReleaseId | 'held' | undefined
  /** Of which release the site is that the front serves. */
  site: string | undefined
  current: ReleaseId | undefined
  fenced = false
  /** The front does not take the site of before. */
  frontRefuses = false
  readonly databases = new Map<string, StoredDatabase>()
  readonly releases = new Map<ReleaseId, Release>()
  readonly running = new Map<ReleaseId, Set<string>>()
  readonly doors = new Set<ReleaseId>()
  readonly journals = new Map<DeploymentId, Event[]>()
  /** Events that are in the journal although writing them fails. */
  doubted?: (event: Event) => boolean
  readonly history: DeploymentRecord[] = []
  readonly backups: string[] = []
  /** Begun, and neither kept nor discarded. */
  unnamedBackups = 0
  stateDefinition = 'none'
  locked = false
  readonly calls: string[] = []
  fault: { call: number; kind: Fault } | undefined
  private dead = false
  /** The next release has nothing that people ask for. */
  withoutWeb = false
  /** Health of the containers that the next started releases have. */
  health: 'good' | 'never' | 'crash' = 'good'
  /** What becomes of a release once the edge leads to it, and whether the old one suffers from the same cause. */
  turnsBad: 'no' | 'crash' | 'unwell' | 'stranger' | 'errors' = 'no'
  allUnwell = false
  warm: WarmNote | undefined
  tooTight: string | undefined
  /** Workers that do not end within their grace period. */
  stubborn: string[] = []
  /** What is under way, in whichever release is asked for. */
  inFlight: () => InFlight = () => ({ requests: 0, webSockets: 0, eventStreams: 0 })
  /** Releases whose WebSockets were closed. */
  readonly closed: ReleaseId[] = []
  migrator: 'works' | 'fails-half-way' | 'lies' = 'works'

  /** A client's write, acknowledged by whatever serves. */
  write(): boolean {
    const serving = this.live
    if (serving === undefined || serving === 'held') return false
    if (this.fenced) return false
    const database = this.databases.get('app')
    if (database === undefined || !this.running.get(serving)?.has('api')) return false
    if (database.schema.includes('dropped') && serving === 'r1') return false
    database.rows++
    return true
  }

  /** A new process on the same server. */
  ports(): Ports {
    this.dead = false
    this.locked = false
    this.fault = undefined
    const call = <T>(name: string, effect: () => T): Promise<T> => this.call(name, effect)
    return {
      clock: {
        now: () => new Date(1_700_000_000_000 + this.now),
        monotonic: () => this.now,
        sleep: async milliseconds => {
          if (this.dead) throw new Death()
          this.now += Math.max(1, milliseconds)
          await Promise.resolve()
        },
      },
      lock: {
        acquire: () => {
          if (this.locked) return Promise.reject(new SlipwayError('LOCKED', 'locked'))
          this.locked = true
          return Promise.resolve({
            release: () => {
              this.locked = false
              return Promise.resolve()
            },
          })
        },
      },
      journal: {
        open: id =>
          Promise.resolve({
            append: event => {
              if (this.dead) return Promise.reject(new Death())
              this.journals.set(id, [...(this.journals.get(id) ?? []), structuredClone(event)])
              const isDoubted = this.doubted?.(event) === true
              return isDoubted ? Promise.reject(new SlipwayError('DISK_FULL', 'Written, or not')) : Promise.resolve()
            },
            close: () => Promise.resolve(),
          }),
        nextId: () => Promise.resolve(`d${this.journals.size + 1}` as const),
        read: id => Promise.resolve(this.journals.get(id) ?? []),
        unfinished: () => {
          const [id, events] = [...this.journals].at(-1) ?? []
          const ended = events?.some(event => event.type === 'deployment-finished' && event.outcome !== 'needs-person')
          return Promise.resolve(ended === true ? undefined : id)
        },
        record: record => call('journal.record', () => void this.history.push(record)),
        history: () => Promise.resolve(this.history),
      },
      releases: {
        nextId: () => Promise.resolve(`r${this.releases.size + 1}` as const),
        current: () => Promise.resolve(this.current === undefined ? undefined : this.releases.get(this.current)),
        get: id => Promise.resolve(this.releases.get(id)),
        all: () => Promise.resolve([...this.releases.values()]),
        setCurrent: id => call('releases.setCurrent', () => void (this.current = id)),
        remove: id => call('releases.remove', () => void this.releases.delete(id)),
      },
      checks: { preflight: () => call('checks.preflight', () => []) },
      source: {
        fetch: (plan, id) =>
          call('source.fetch', () => {
            const made = makeRelease(id, plan.version)
            const release = this.withoutWeb ? { ...made, services: made.services.filter(isWorker) } : made
            this.releases.set(id, release)
            return release
          }),
        discard: id => call('source.discard', () => void this.releases.delete(id)),
      },
      engine: {
        stateMatches: release => call('engine.stateMatches', () => this.stateDefinition === release.stateFingerprint),
        ensureState: async (release, beforeChange) => {
          if (this.stateDefinition !== release.stateFingerprint) await beforeChange?.()
          return call('engine.ensureState', () => {
            const changed = this.stateDefinition === release.stateFingerprint ? [] : ['db']
            this.stateDefinition = release.stateFingerprint
            if (!this.databases.has('app')) this.databases.set('app', { schema: '', rows: 0 })
            return { changed }
          })
        },
        migrate: release =>
          call('engine.migrate', () => {
            const database = this.databases.get('app')
            if (database === undefined) throw new Error('no database')
            if (this.migrator === 'lies') return { exitCode: 0, output: [], timedOut: false }
            if (this.migrator === 'fails-half-way') {
              database.schema += '+dropped'
              return { exitCode: 1, output: ['boom'], timedOut: false }
            }
            database.schema = release.version
            return { exitCode: 0, output: [], timedOut: false }
          }),
        start: (release, role) =>
          call('engine.start', () => {
            const services = role === 'worker' ? [...(this.running.get(release.id) ?? [])] : ['api']
            const started = [...services, ...(role === 'web' ? [] : ['worker'])]
            this.running.set(
              release.id,
              new Set(started.filter(name => release.services.some(each => each.name === name))),
            )
          }),
        containers: release => call('engine.containers', () => this.containersOf(release)),
        watch: () => Promise.resolve({ stop() {} }),
        checkHealth: () => Promise.resolve(undefined),
        logs: () => Promise.resolve(['last words']),
        quietWorkers: release =>
          call('engine.quietWorkers', () => {
            const stopped = this.running.get(release.id)?.delete('worker') === true
            return stopped ? this.stubborn : []
          }),
        wakeWorkers: release => call('engine.wakeWorkers', () => void this.running.get(release.id)?.add('worker')),
        remove: async (release, _how, whenStopped) => {
          await call('engine.remove', () => void this.running.delete(release.id))
          await whenStopped?.()
        },
        doorNetworks: () => Promise.resolve(['net']),
        databaseNetworks: () => Promise.resolve(['10.0.0.0/24']),
        prune: () => call('engine.prune', () => []),
      },
      edge: {
        ensureFront: release =>
          call('edge.ensureFront', () => {
            this.site = release.services.every(isWorker) ? undefined : release.id
          }),
        site: () => call('edge.site', () => this.site),
        bringBackSite: site =>
          call('edge.bringBackSite', () => {
            if (this.frontRefuses) throw new SlipwayError('EDGE_FAILED', 'the front refuses')
            this.site = site
          }),
        openDoor: release => call('edge.openDoor', () => void this.doors.add(release.id)),
        probe: release =>
          call('edge.probe', () =>
            this.isGood(release)
              ? { kind: 'answered' as const, status: 200, body: '', milliseconds: 1 }
              : { kind: 'no-answer' as const, why: 'refused' },
          ),
        live: () => Promise.resolve(this.live),
        switchTo: release => call('edge.switchTo', () => void (this.live = release.id)),
        hold: () => call('edge.hold', () => void (this.live = 'held')),
        waiting: () => 3,
        letGo: release => call('edge.letGo', () => void (this.live = release.id)),
        inFlight: () => Promise.resolve(this.inFlight()),
        closeWebSockets: release => call('edge.closeWebSockets', () => void this.closed.push(release.id)),
        closeDoor: release =>
          call('edge.closeDoor', () => {
            if (this.live === release.id) this.live = undefined
            this.doors.delete(release.id)
          }),
        probePublic: release =>
          Promise.resolve({
            kind: 'answered' as const,
            status: 200,
            body: '',
            milliseconds: 1,
            release: this.turnsBad === 'stranger' && this.isNewAndLive(release) ? ('r99' as const) : release.id,
          }),
        answered: release => {
          const failed = this.turnsBad === 'errors' && this.isNewAndLive(release) ? this.now / 10 : 0
          return Promise.resolve({ requests: this.now / 10, failed })
        },
      },
      warm: {
        read: () => Promise.resolve(this.warm),
        write: note => call('warm.write', () => void (this.warm = note)),
        clear: () => call('warm.clear', () => void (this.warm = undefined)),
        tooTight: () => Promise.resolve(this.tooTight),
      },
      database: {
        name: 'app',
        reachable: () => Promise.resolve(this.databases.has('app')),
        proveLogin: () => Promise.resolve(),
        state: () =>
          call('database.state', () => {
            const schema = this.databases.get('app')?.schema ?? ''
            return { fingerprint: schema, catalog: { schema } }
          }),
        compare: (before, after) =>
          before.fingerprint === after.fingerprint
            ? []
            : [{ what: 'schema changed', breaking: after.fingerprint.includes('dropped') }],
        proveMigrated: release =>
          call('database.proveMigrated', () => {
            if (this.databases.get('app')?.schema !== release.version)
              throw new SlipwayError('MIGRATION_FAILED', 'the migrator lied')
          }),
        withLockGuard: async (_networks, _limitMs, act) => ({ result: await act(), cancelled: 0 }),
        forgetFailedMigration: (before, after) => Promise.resolve(before.fingerprint === after.fingerprint),
        sizeBytes: () => Promise.resolve(1),
        prepareFence: () => call('database.prepareFence', () => undefined),
        fence: () => call('database.fence', () => void (this.fenced = true)),
        liftFence: () => call('database.liftFence', () => void (this.fenced = false)),
        snapshot: label =>
          call('database.snapshot', () => {
            const name = `app__before_${label}`
            const database = this.databases.get('app')
            if (database === undefined) throw new Error('no database')
            this.databases.set(name, { ...database })
            return name
          }),
        swapIn: (replacement, label) =>
          call('database.swapIn', () => {
            const taken = this.databases.has(`app__left_${label}`)
            const left = `app__left_${label}${taken ? '_2' : ''}`
            const incoming = this.databases.get(replacement)
            const live = this.databases.get('app')
            if (incoming === undefined) return left
            if (live !== undefined) this.databases.set(left, live)
            this.databases.set('app', incoming)
            this.databases.delete(replacement)
            return left
          }),
        restoreBackup: (origin, label) =>
          call('database.restoreBackup', () => {
            this.databases.set(`app__restored_${label}`, { schema: origin.file, rows: 0 })
            return `app__restored_${label}`
          }),
        leftBehind: () => Promise.resolve([...this.databases.keys()].filter(name => name !== 'app')),
        drop: name => call('database.drop', () => void this.databases.delete(name)),
        putBack: (name, snapshot) =>
          call('database.putBack', () => {
            const database = this.databases.get(name)
            if (database === undefined) return
            this.databases.delete(name)
            this.databases.set(snapshot, database)
          }),
      },
      backups: {
        create: () => call('backups.create', () => this.backUp()),
        begin: () => {
          const made = call('backups.begin', () => ({ format: 'plain' as const, read: noBytes }))
          this.unnamedBackups++
          const end = (): void => void this.unnamedBackups--
          return {
            dumped: made,
            verified: made.then(() => undefined),
            keep: () =>
              made.then(() =>
                call('backups.keep', () => {
                  end()
                  return this.backUp()
                }),
              ),
            discard: () => call('backups.discard', end),
          }
        },
        list: () => Promise.resolve([]),
        prune: () => Promise.resolve([]),
      },
      hooks: { run: () => Promise.resolve() },
    }
  }

  private backUp(): BackupFile {
    this.backups.push('backup')
    return { file: 'backup', kind: 'pre-deploy', takenAt: '', bytes: 1, sha256: '', seconds: 0 }
  }

  private isNewAndLive(release: Release): boolean {
    return this.live === release.id && release.id !== this.current
  }

  private isGood(release: Release): boolean {
    if (this.isNewAndLive(release) && this.turnsBad === 'unwell') return false
    if (this.allUnwell && this.live !== 'held' && this.live !== this.current) return false
    return this.running.get(release.id)?.has('api') === true && (this.health === 'good' || release.id === this.current)
  }

  private containersOf(release: Release): ContainerState[] {
    const crash =
      (this.health === 'crash' && release.id !== this.current) ||
      (this.turnsBad === 'crash' && this.isNewAndLive(release))
    return [...(this.running.get(release.id) ?? [])].map(service => ({
      id: `${release.id}-${service}`,
      name: `${release.id}-${service}`,
      service,
      status: 'running',
      health: 'none',
      exitCode: crash ? 1 : 0,
      restarts: crash ? 2 : 0,
      outOfMemory: false,
      healthOutput: '',
    }))
  }

  private async call<T>(name: string, effect: () => T): Promise<T> {
    await Promise.resolve()
    if (this.dead) throw new Death()
    const index = this.calls.push(name) - 1
    const fault = this.fault?.call === index ? this.fault.kind : undefined
    if (fault === 'die-before') this.die()
    if (fault === 'fail-before') throw new SlipwayError('ENGINE_FAILED', `${name} failed before its effect`)
    const result = effect()
    if (fault === 'die-after') this.die()
    if (fault === 'fail-after') throw new SlipwayError('ENGINE_FAILED', `${name} failed after its effect`)
    return result
  }

  private die(): never {
    this.dead = true
    throw new Death()
  }
}

export function makePlan(world: World, version: string, migration: Plan['migration']): Plan {
  const current = world.current === undefined ? undefined : world.releases.get(world.current)
  return {
    kind: 'deploy',
    app: 'app',
    environment: 'prod',
    project: 'app-prod',
    version,
    services: [],
    migration,
    state: current === undefined ? 'first' : 'same',
    data: { kind: 'untouched' },
    steps: [],
    config,
    ...(current === undefined ? {} : { current, database: { bytes: 1 } }),
  }
}

async function* noBytes(): AsyncGenerator<Uint8Array> {
  yield* []
}
