import type { Event } from '../../../src/release/events.ts'
import type { ReleaseId, ReleaseService } from '../../../src/release/model.ts'
import {
  decisionsOf,
  laterOf,
  type AgreementKey,
  type Decisions,
  type Report,
} from '../../../src/release/several/agreement.ts'
import { services as allServices } from '../schedules/image.ts'
import { Common, Server } from '../schedules/server.ts'
import { VirtualTime } from '../schedules/virtual-time.ts'

/** The servers of one environment in memory. The first has the database, and decides. */
export class Fleet {
  readonly common = new Common(new LastingTime())
  readonly deciding: FleetServer
  readonly servers: readonly FleetServer[]
  private readonly haveBegun = new Set<ReleaseId>()
  private readonly reports = new Map<string, { report: Report; at: number }>()

  constructor(size: number, shape: 'alike' | 'apart') {
    const only = (role: string) => allServices.filter(service => service.role === role)
    const apart = [[], only('web'), only('worker')]
    this.servers = Array.from(
      { length: size },
      (_, index) => new FleetServer(`s${index}`, this, shape === 'alike' ? allServices : (apart[index] ?? [])),
    )
    const [first] = this.servers
    if (first === undefined) throw new Error('a fleet has servers')
    this.deciding = first
  }

  get members(): FleetServer[] {
    return this.servers.filter(server => server.isMember)
  }

  get followers(): FleetServer[] {
    return this.members.filter(server => server !== this.deciding)
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

  /** In a hold the first workers begin when the web services answer, on all servers. */
  checkAnswers(id: ReleaseId): void {
    if (this.haveBegun.has(id)) return
    this.haveBegun.add(id)
    if (this.servers.some(server => server.disturbed)) return
    for (const server of this.servers) {
      if (server.hasWeb() && server.health(id) !== 'good') server.violate(`workers begin before ${id} answers here`)
    }
  }

  decisions(key: AgreementKey): Decisions {
    const id = key.slice(0, key.indexOf('@'))
    const lines = [...this.deciding.journals].find(([each]) => each === id)?.[1] ?? []
    return decisionsOf(
      key,
      lines.map(line => JSON.parse(line.text) as Event),
    )
  }
}

export class FleetServer extends Server {
  readonly name: string
  readonly services: readonly ReleaseService[]
  /** Whether slipway.yaml names it already. */
  isMember = true
  isNew = false
  up = true
  /** The network between it and the deciding one. */
  cut = false
  /** Since it, or the deciding one, was away: what its users meet meanwhile is not Slipway's doing. */
  disturbed = false
  private readonly fleet: Fleet

  constructor(name: string, fleet: Fleet, services: readonly ReleaseService[]) {
    super(fleet.common)
    this.name = name
    this.services = services
    this.fleet = fleet
  }

  override tick(): void {
    if (this.up) super.tick()
  }

  /** The way back of the database is one of all: who waits for it elsewhere waits as long. */
  override excuseHold(): void {
    super.excuseHold()
    if (this !== this.fleet.deciding) return
    for (const other of this.fleet.servers) if (other !== this) other.excuseHold()
  }

  hasWeb(): boolean {
    return this.services.some(service => service.role === 'web')
  }

  override started(id: ReleaseId, role?: 'web' | 'worker'): void {
    const key = this.newestKey()
    const holds = key !== undefined && this.fleet.decisions(key).holds === true
    if (holds && role !== 'web') this.fleet.checkAnswers(id)
    super.started(id, role)
    const names = new Set(this.services.map(({ name }) => name))
    const running = this.running.get(id) ?? new Set<string>()
    this.running.set(id, new Set([...running].filter(name => names.has(name))))
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
    if (!this.hasWeb() && text.startsWith('a request found nothing')) return
    // A server that had nothing has nothing to go back to.
    if (this.isNew && this.current === undefined && text.startsWith('a request')) return
    const isOfUsers = /^a request (was answered badly|found nothing)|held longer/.test(text)
    if (!(isOfUsers && this.disturbed)) super.violate(`${this.name}: ${text}`)
  }

  /** Where there is no edge, or nothing behind it, nothing here shows a hold. */
  protected override countsFor(id: ReleaseId): boolean {
    if ((this.hasWeb() && this.current !== undefined) || id === this.current) return super.countsFor(id)
    const key = this.newestKey()
    return key === undefined || this.fleet.decisions(key).outcome === 'switch'
  }

  /** Of the deployment that is under way here. */
  newestKey(): AgreementKey | undefined {
    const lines = [...this.journals.values()].at(-1) ?? []
    for (const line of lines) {
      const event = JSON.parse(line.text) as Event
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
