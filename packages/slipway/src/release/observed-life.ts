import type { Clock, ContainerState } from './ports.ts'

/**
 * For how long the containers of a service have run without a break, as far as somebody has looked. Docker tells when
 * each was started; since then it has not been started again, or it would tell another moment.
 */
export class ObservedLife {
  private readonly begunAt: number
  private downAt: number
  private looked = false
  private run: { of: string; since: number } | undefined

  /** `notStartedBefore`: when it is known that nothing ran yet. */
  constructor(now: number, notStartedBefore = now) {
    this.begunAt = now
    this.downAt = notStartedBefore
  }

  /** Up to the moment at which it was asked. Undefined: they do not all run. */
  seen(containers: readonly ContainerState[], askedAt: Moment): number | undefined {
    if (containers.length === 0 || containers.some(container => container.status !== 'running')) {
      this.run = undefined
      this.looked = true
      this.downAt = askedAt.monotonic
      return undefined
    }
    const of = containers.map(({ id, startedAt }) => `${id} ${startedAt?.getTime() ?? ''}`).join(',')
    // Told once: the clock on the wall may be set while they run.
    if (this.run?.of !== of) this.run = { of, since: this.since(containers, askedAt) }
    this.looked = true
    return Math.max(0, askedAt.monotonic - this.run.since)
  }

  private since(containers: readonly ContainerState[], askedAt: Moment): number {
    const starts = containers.flatMap(({ startedAt }) => (startedAt === undefined ? [] : [startedAt.getTime()]))
    // Nobody tells: what runs at the first look was started before it, and else it is new.
    if (starts.length < containers.length) return this.looked ? askedAt.monotonic : this.begunAt
    const age = askedAt.now.getTime() - Math.max(...starts)
    // Whatever the clock on the wall says of it.
    return Math.min(askedAt.monotonic, Math.max(this.downAt, askedAt.monotonic - age))
  }
}

/** One moment by both clocks. */
export interface Moment {
  monotonic: number
  now: Date
}

export function momentOf(clock: Clock): Moment {
  return { monotonic: clock.monotonic(), now: clock.now() }
}
