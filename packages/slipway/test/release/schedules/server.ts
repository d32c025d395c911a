import type { Event } from '../../../src/release/events.ts'
import type { DeploymentId, DeploymentRecord, Release, ReleaseId } from '../../../src/release/model.ts'
import type { Answered, BackupFile, WarmNote } from '../../../src/release/ports.ts'
import { Databases, live } from './databases.ts'
import { livesWith, type Image } from './image.ts'
import { VirtualTime } from './virtual-time.ts'

/** What servers of one environment have in common: time, and the database that one of them runs. */
export class Common {
  readonly time: VirtualTime
  readonly databases = new Databases()
  readonly violations: string[] = []
  readonly acknowledged = new Set<number>()
  lastWrite = 0
  /** Only these releases reach the database. */
  fence: ReadonlySet<string> | undefined

  constructor(time = new VirtualTime()) {
    this.time = time
  }
}

/** A server in memory, and the people who use the app on it: all that outlives the processes of Slipway. */
export class Server {
  readonly common: Common
  readonly releases = new Map<ReleaseId, Release>()
  readonly images = new Map<ReleaseId, Image>()
  readonly journals = new Map<DeploymentId, JournalLine[]>()
  readonly records = new Map<DeploymentId, DeploymentRecord>()
  readonly backups: BackupFile[] = []
  /** How many dumps were ever begun. */
  dumps = 0
  /** Dumps that nobody has kept or discarded. */
  readonly unnamedBackups = new Set<string>()
  /** The services of each release whose containers run. */
  readonly running = new Map<ReleaseId, Set<string>>()
  /** Releases whose containers were made ahead of their start. */
  readonly made = new Set<ReleaseId>()
  readonly doors = new Set<ReleaseId>()
  /** The releases that are connected to the database, if it is here. */
  readonly paths = new Set<ReleaseId>()
  current: ReleaseId | undefined
  edge: ReleaseId | 'held' | undefined
  /** Of which release the site is that the front has loaded: where people are let in at all. */
  site: string | undefined
  stateDefinition: string | undefined
  rehearsing = false
  /** Whether somebody stays connected by a WebSocket. */
  webSockets = false
  warmNote: WarmNote | undefined
  /** Whether a process of Slipway is at work. */
  attended = false
  locked = false

  /** Snapshots and backups by name, and the last write that each holds. */
  readonly copies = new Map<string, number>()
  waiting = 0
  /** Releases that have turned bad. */
  readonly turned = new Set<ReleaseId>()
  readonly answers = new Map<ReleaseId, Answered>()
  private servesSince = 0
  private heldSince: number | undefined
  private held: HoldBound = { limitMs: Number.POSITIVE_INFINITY, excused: false }

  constructor(common = new Common()) {
    this.common = common
  }

  get time(): VirtualTime {
    return this.common.time
  }

  get databases(): Databases {
    return this.common.databases
  }

  get violations(): string[] {
    return this.common.violations
  }

  get acknowledged(): Set<number> {
    return this.common.acknowledged
  }

  get lastWrite(): number {
    return this.common.lastWrite
  }

  /** The previous release that is kept running, idle, if any. */
  get warm(): ReleaseId | undefined {
    return this.warmNote?.release
  }

  get leftBehind(): string[] {
    return this.databases.leftBehind()
  }

  /** The newest line of history that tells of a release that came to serve. */
  lastArrival(): DeploymentRecord | undefined {
    return [...this.records.values()].findLast(record => record.outcome === 'deployed')
  }

  /** Everything that a further run could change, in one line. */
  picture(): string {
    const running = [...this.running].map(([id, services]) => `${id} ${[...services].sort().join('+')}`)
    const lines = [
      `current ${this.current}`,
      `edge ${this.edge}`,
      `site ${this.site}`,
      `runs ${running.join(' ')}`,
      `doors ${[...this.doors].join(' ')}`,
      `databases ${this.databases.names().join(' ')} (${this.databases.state().fingerprint})`,
      `state ${this.stateDefinition}`,
      ...(this.common.fence === undefined ? [] : ['fenced']),
      `${this.records.size} records`,
    ]
    return lines.join(', ')
  }

  health(id: ReleaseId): 'good' | 'bad' {
    const image = this.images.get(id)
    const database = this.databases.get(live)
    if (image === undefined || database === undefined) return 'bad'
    if (image.traits.health === 'never' || image.traits.health === 'crash' || this.turned.has(id)) return 'bad'
    if (this.running.get(id)?.has('api') !== true || !this.doors.has(id)) return 'bad'
    return this.reaches(id) && livesWith(image, database) ? 'good' : 'bad'
  }

  /** A moment passes: somebody asks for something, and the workers do some of their work. */
  tick(): void {
    this.turn()
    if (this.edge === 'held') this.wait()
    else if (this.edge !== undefined) this.serve(this.edge)
    else if (this.current !== undefined) this.violate('a request found nothing behind the edge')
    for (const [id, services] of this.running) if (services.has('worker')) this.work(id)
  }

  /** A new start of a release makes it well again, and its door counts from nought. */
  started(id: ReleaseId, role?: 'web' | 'worker'): void {
    const services = role === undefined ? new Set<string>() : (this.running.get(id) ?? new Set())
    if (role !== 'worker') services.add('api')
    if (role !== 'web') services.add('worker')
    this.running.set(id, services)
    this.turned.delete(id)
  }

  hold(limitMs: number): void {
    if (this.rehearsing) this.violate('people wait while the copy of a rehearsal is there')
    if (this.edge !== 'held') {
      this.heldSince = this.time.now
      this.held = { limitMs, excused: false }
    }
    this.edge = 'held'
  }

  /** Those who waited are answered by whatever is behind the edge now. */
  letGo(id: ReleaseId): void {
    if (this.edge !== id) this.servesSince = this.time.now
    this.edge = id
    this.heldSince = undefined
    const waited = this.waiting
    this.waiting = 0
    if (waited > 0) this.serve(id)
  }

  /** Slipway's process is gone: those who wait do so until somebody starts the next. */
  processEnded(): void {
    this.attended = false
    this.locked = false
    this.unnamedBackups.clear()
    this.held.excused = true
  }

  /** A wait that nobody can end but by killing the process. */
  excuseHold(): void {
    this.held.excused = true
  }

  violate(text: string): void {
    if (!this.violations.includes(text)) this.violations.push(text)
  }

  private turn(): void {
    if (this.edge === undefined || this.edge === 'held') return
    if (this.images.get(this.edge)?.traits.health !== 'turns-bad') return
    if (this.time.now - this.servesSince > wellForMs) this.turned.add(this.edge)
  }

  private wait(): void {
    this.waiting += 1
    if (this.heldSince === undefined || this.held.excused) return
    const waited = this.time.now - this.heldSince
    if (waited > this.held.limitMs + wayBackMs) this.violate('requests were held longer than the bound')
  }

  private serve(id: ReleaseId): void {
    const well = this.health(id) === 'good'
    const counted = this.answers.get(id) ?? { requests: 0, failed: 0 }
    this.answers.set(id, { requests: counted.requests + 1, failed: counted.failed + (well ? 0 : 1) })
    if (well) this.write(true)
    // What a release does to itself is not Slipway's fault; whether it may stay is another question.
    else if (!this.turned.has(id)) this.violate(`a request was answered badly by ${id}: ${this.whyBad(id)}`)
  }

  /** What a worker writes counts while its release serves; what a new one writes inside a hold may be taken back with it. */
  private work(id: ReleaseId): void {
    const image = this.images.get(id)
    const database = this.databases.get(live)
    if (image === undefined || database === undefined || !this.reaches(id)) return
    if (!livesWith(image, database)) {
      this.violate(`the workers of ${id} meet a schema they can not live with`)
      return
    }
    this.write(this.countsFor(id))
  }

  /** Whether what the release's workers write is there to stay. */
  protected countsFor(id: ReleaseId): boolean {
    return this.edge !== 'held' || id === this.current
  }

  private write(acknowledged: boolean): void {
    const id = ++this.common.lastWrite
    this.databases.get(live)?.rows.push(id)
    if (acknowledged) this.acknowledged.add(id)
  }

  protected reaches(id: ReleaseId): boolean {
    const { fence } = this.common
    return fence === undefined || fence.has(id)
  }

  private whyBad(id: ReleaseId): string {
    const image = this.images.get(id)
    const database = this.databases.get(live)
    if (this.running.get(id)?.has('api') !== true) return 'it does not run'
    if (!this.doors.has(id)) return 'its door is shut'
    if (!this.reaches(id)) return 'the database is fenced'
    if (image === undefined || database === undefined) return 'it has no database'
    return livesWith(image, database) ? 'it is not healthy' : 'it can not live with the schema'
  }
}

/** What is read again is the JSON; the type saves the parsing of those that nobody asked for. */
interface JournalLine {
  type: Event['type']
  text: string
}

interface HoldBound {
  limitMs: number
  excused: boolean
}

const wellForMs = 1500
/** After the limit of a hold: what cuts itself off, a moment's grace, and undoing with its pauses. */
const wayBackMs = 90_000
