import type { ReleaseId } from '../release/model.ts'
import type { WaitingRoom } from './hold.ts'

/**
 * A waiting room that another process keeps, so that requests go on waiting when this process dies. Without that
 * process, or should it not answer, the room is here.
 */
export function keptRoom(here: WaitingRoom): KeptRoom {
  let keeper: Keeper | undefined
  let opened: readonly string[] = []

  return {
    attach(channel) {
      const attached = new Keeper(channel)
      keeper = attached
      channel.onClose(() => {
        if (keeper === attached) keeper = undefined
        // Who waited there is lost with it; from now on requests wait here.
        if (opened.length > 0) here.open(opened).catch(() => undefined)
      })
    },
    async open(services) {
      opened = services
      if ((await keeper?.ask({ do: 'open', services: [...services] })) === true) return
      keeper = undefined
      await here.open(services)
    },
    async handTo(release) {
      opened = []
      await Promise.all([here.handTo(release), keeper?.ask({ do: 'hand', release })])
    },
    count: () => here.count() + (keeper?.waiting ?? 0),
    close: limitMs => here.close(limitMs),
  }
}

/** The other side: does with a room what is asked of it. */
export function keepRoom(room: WaitingRoom, channel: Channel): void {
  let told = 0
  const tell = setInterval(() => {
    const waiting = room.count()
    if (waiting !== told) channel.send({ waiting })
    told = waiting
  }, tellEveryMs).unref()
  channel.onClose(() => clearInterval(tell))
  channel.onMessage(message => {
    if (!isOrder(message)) return
    const done = message.do === 'open' ? room.open(message.services) : room.handTo(message.release)
    done.then(
      () => channel.send({ answers: message.id, ok: true }),
      () => channel.send({ answers: message.id, ok: false }),
    )
  })
}

export interface KeptRoom extends WaitingRoom {
  /** From here on the process at the other end keeps those who wait. */
  attach(channel: Channel): void
}

/** Messages to and from another process. */
export interface Channel {
  send(message: unknown): void
  onMessage(listen: (message: unknown) => void): void
  /** The other end is gone. */
  onClose(listen: () => void): void
}

type Wish = { do: 'open'; services: string[] } | { do: 'hand'; release: ReleaseId }
type Order = Wish & { id: number }

class Keeper {
  waiting = 0
  private readonly channel: Channel
  private readonly asked = new Map<number, (ok: boolean) => void>()
  private last = 0
  private gone = false

  constructor(channel: Channel) {
    this.channel = channel
    channel.onMessage(message => this.heard(message))
    channel.onClose(() => {
      this.gone = true
      this.waiting = 0
      for (const answer of this.asked.values()) answer(false)
    })
  }

  /** False: it could not, or did not answer in time. */
  ask(wish: Wish): Promise<boolean> {
    if (this.gone) return Promise.resolve(false)
    this.last += 1
    const id = this.last
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(false), patienceMs)
      this.asked.set(id, ok => {
        clearTimeout(timer)
        this.asked.delete(id)
        resolve(ok)
      })
      this.channel.send({ ...wish, id } satisfies Order)
    })
  }

  private heard(message: unknown): void {
    if (typeof message !== 'object' || message === null) return
    if ('waiting' in message && typeof message.waiting === 'number') this.waiting = message.waiting
    if (!('answers' in message) || typeof message.answers !== 'number') return
    this.asked.get(message.answers)?.('ok' in message && message.ok === true)
  }
}

function isOrder(message: unknown): message is Order {
  if (typeof message !== 'object' || message === null || !('do' in message) || !('id' in message)) return false
  return message.do === 'open' || message.do === 'hand'
}

/** On a busy machine. */
const patienceMs = 10_000
const tellEveryMs = 20
