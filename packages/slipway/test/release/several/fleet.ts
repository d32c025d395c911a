import type { Event } from '../../../src/release/events.ts'
import type { ReleaseId } from '../../../src/release/model.ts'
import {
  decisionsOf,
  laterOf,
  type AgreementKey,
  type Decisions,
  type Report,
} from '../../../src/release/several/agreement.ts'
import { Common, Server } from '../schedules/server.ts'
import { VirtualTime } from '../schedules/virtual-time.ts'

/** The servers of one environment in memory. The first has the database, and decides. */
export class Fleet {
  readonly common = new Common(new LastingTime())
  readonly deciding: FleetServer
  readonly servers: readonly FleetServer[]
  private readonly reports = new Map<string, { report: Report; at: number }>()

  constructor(size: number) {
    this.servers = Array.from({ length: size }, (_, index) => new FleetServer(`s${index}`, this))
    const [first] = this.servers
    if (first === undefined) throw new Error('a fleet has servers')
    this.deciding = first
  }

  get followers(): FleetServer[] {
    return this.servers.filter(server => server !== this.deciding)
  }

  /** Between this server and the one that decides. */
  isConnected(server: FleetServer): boolean {
    return server === this.deciding || (server.up && this.deciding.up && !server.cut)
  }

  tell(server: FleetServer, key: AgreementKey, report: Report | undefined): Decisions {
    if (!this.isConnected(server)) throw new Error(`${server.name} does not reach ${this.deciding.name}`)
    if (report !== undefined) {
      const place = `${key} ${server.name}`
      const merged = laterOf(this.reports.get(place)?.report, report)
      this.reports.set(place, { report: merged, at: this.common.time.now })
    }
    return this.decisions(key)
  }

  heard(key: AgreementKey): Map<string, { report: Report; silentMs: number }> {
    const heard = new Map<string, { report: Report; silentMs: number }>()
    for (const { name } of this.followers) {
      const told = this.reports.get(`${key} ${name}`)
      if (told !== undefined) heard.set(name, { report: told.report, silentMs: this.common.time.now - told.at })
    }
    return heard
  }

  decisions(key: AgreementKey): Decisions {
    const id = key.slice(0, key.indexOf('@'))
    const lines = [...this.deciding.journals].find(([each]) => each === id)?.[1] ?? []
    return decisionsOf(
      key,
      lines.map(line => JSON.parse(line) as Event),
    )
  }
}

export class FleetServer extends Server {
  readonly name: string
  up = true
  /** The network between it and the deciding one. */
  cut = false
  /** Since it, or the deciding one, was away: what its users meet meanwhile is not Slipway's doing. */
  disturbed = false
  private readonly fleet: Fleet

  constructor(name: string, fleet: Fleet) {
    super(fleet.common)
    this.name = name
    this.fleet = fleet
  }

  override tick(): void {
    if (this.up) super.tick()
  }

  /** The heart of it: what is behind an edge is what was decided, and nothing else. */
  override letGo(id: ReleaseId): void {
    const key = this.newestKey()
    if (key !== undefined && this.edge !== id) {
      const { outcome, verdict } = this.fleet.decisions(key)
      const isNew = id !== this.current
      if (isNew && outcome !== 'switch') this.violate(`it switched to ${id}, and that was not decided`)
      if (!isNew && outcome === 'switch' && verdict !== 'returned')
        this.violate(`it let ${id} serve, and the others were to switch`)
    }
    super.letGo(id)
  }

  override violate(text: string): void {
    const isOfUsers = /^a request (was answered badly|found nothing)|held longer/.test(text)
    if (!(isOfUsers && this.disturbed)) super.violate(`${this.name}: ${text}`)
  }

  /** Of the deployment that is under way here. */
  newestKey(): AgreementKey | undefined {
    const lines = [...this.journals.values()].at(-1) ?? []
    for (const line of lines) {
      const event = JSON.parse(line) as Event
      if (event.type === 'step-fact' && event.facts.agreement !== undefined) return event.facts.agreement.key
    }
    return undefined
  }

  /** Containers on other servers reach the database through what the release has on the database's server. */
  protected override reaches(id: ReleaseId): boolean {
    const { deciding } = this.fleet
    if (!super.reaches(id) || !this.fleet.isConnected(this)) return false
    return this === deciding || deciding.paths.has(id)
  }
}

/** Several processes wait at the same time: the end of one ends no wait of the others. */
class LastingTime extends VirtualTime {
  override clear(): void {}
}
