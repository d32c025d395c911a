/** Time that passes only when nothing else can happen. Deterministic: the same work always sees the same moments. */
export class VirtualTime {
  now = 0
  private timers: Timer[] = []
  private last = 0

  /** What the clock on the wall says. */
  date(): Date {
    return new Date(1_700_000_000_000 + this.now)
  }

  at(milliseconds: number, ring: () => void): number {
    const id = ++this.last
    const timer = { id, due: this.now + Math.max(1, milliseconds), ring }
    const place = this.timers.findLastIndex(other => other.due <= timer.due)
    this.timers.splice(place + 1, 0, timer)
    return id
  }

  cancel(id: number): void {
    const place = this.timers.findIndex(timer => timer.id === id)
    if (place >= 0) this.timers.splice(place, 1)
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise(resolve => this.at(milliseconds, resolve))
  }

  /** A process ended: nobody waits any more. */
  clear(): void {
    this.timers = []
  }

  /** Goes to the next moment at which somebody waits for something; false: nobody does. */
  advance(): boolean {
    const timer = this.timers.shift()
    if (timer === undefined) return false
    this.now = Math.max(this.now, timer.due)
    timer.ring()
    return true
  }
}

interface Timer {
  id: number
  due: number
  ring: () => void
}

/** While `work` runs, timers of the code under test are those of the virtual time. */
export async function withTimersOf<T>(time: VirtualTime, work: () => Promise<T>): Promise<T> {
  const { setTimeout: realSet, clearTimeout: realClear } = globalThis
  globalThis.setTimeout = ((ring: () => void, milliseconds = 0) =>
    time.at(milliseconds, ring)) as unknown as typeof realSet
  globalThis.clearTimeout = ((id: unknown) => {
    if (typeof id === 'number') time.cancel(id)
  }) as typeof realClear
  try {
    return await work()
  } finally {
    globalThis.setTimeout = realSet
    globalThis.clearTimeout = realClear
  }
}

/**
 * Everything that can happen without time passing has happened: a tick comes when no promise has anything left to do. Now
 * and then the whole loop turns, which is when Node ends a process for a rejection that nobody handles.
 */
export async function quiescence(): Promise<void> {
  moments += 1
  // A tick that is asked for by no promise's reaction comes before all of them.
  await Promise.resolve()
  await new Promise<void>(resolve => {
    if (moments % momentsPerTurn === 0) setImmediate(resolve)
    else process.nextTick(resolve)
  })
}

let moments = 0
const momentsPerTurn = 64
