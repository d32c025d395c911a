/**
 * How quickly those who waited follow each other to a service. A hold of seconds may keep more of them than an app takes at
 * once: its queue of new connections overflows, its pool runs dry, and what was kept so that it would not fail does. So a
 * few go first; as long as answers come about as quickly as to those few, more go at a time, and fewer when they do not.
 * What takes long by itself is not mistaken for an app that has too much to do: it is as slow among few.
 */
export function pace(limits: PaceLimits = usualLimits): Pace {
  let allowed = limits.atFirst
  let unanswered = 0
  let usualMs: number | undefined
  const first: Begun[] = []
  const next: (() => void)[] = []

  function letNextGo(): void {
    while (unanswered < allowed) {
      const go = next.shift()
      if (go === undefined) return
      go()
    }
  }

  function allow(more: number): void {
    allowed = Math.min(limits.atMost, Math.max(limits.atFirst, allowed + more))
  }

  /** Before it is known what is usual, this is what those who went first are for. */
  function learn(milliseconds: number): void {
    if (usualMs === undefined) return void (usualMs = usualOf(first, limits))
    const isQuick = milliseconds <= enough(usualMs)
    // So few do not overrun it: by now people ask for what takes longer.
    if (!isQuick && allowed === limits.atFirst && usualMs < limits.patienceMs / 4)
      usualMs += (Math.min(milliseconds, limits.patienceMs) - usualMs) / limits.atFirst
    allow(isQuick ? more : -1)
  }

  /** True: too long, whenever the answer comes. */
  function waitedInVain(begun: Begun): boolean {
    // Nobody was answered yet: these may all be of those that take long.
    if (!first.some(isAnswered)) allow(1)
    usualMs ??= usualOf(first, limits)
    const isSlow = usualMs !== undefined && performance.now() - begun.at >= enough(usualMs)
    if (isSlow) allow(-1)
    return isSlow
  }

  function begin(): Turn {
    const begun: Begun = { at: performance.now() }
    if (first.length < limits.atFirst) first.push(begun)
    unanswered += 1
    let isOver = false
    let isTold = false
    const over = (): void => {
      if (isOver) return
      isOver = true
      clearTimeout(patience)
      unanswered -= 1
      letNextGo()
    }
    const patience = setTimeout(
      () => {
        isTold = waitedInVain(begun)
        over()
      },
      Math.max(limits.patienceMs, enough(usualMs ?? 0)),
    )
    return {
      answered() {
        begun.afterMs = performance.now() - begun.at
        if (!isTold) learn(begun.afterMs)
        over()
      },
      failed() {
        if (!isTold) allow(-1)
        setTimeout(over, limits.patienceMs / 4)
        forget()
      },
      dropped() {
        forget()
        over()
      },
    }

    function forget(): void {
      const index = first.indexOf(begun)
      if (index >= 0) first.splice(index, 1)
    }
  }

  return {
    turn: () =>
      new Promise(resolve => {
        next.push(() => resolve(begin()))
        letNextGo()
      }),
  }
}

export interface Pace {
  /** Resolves when the next may go. Its turn ends by itself after a while, for the app may be meant to take long. */
  turn(): Promise<Turn>
}

/** One of them says how it went. */
export interface Turn {
  /** The app has begun to answer. */
  answered(): void
  /** It said that it can not: the next one waits a little. */
  failed(): void
  /** Nobody asked any more, or nobody is there to answer: that says nothing. */
  dropped(): void
}

export interface PaceLimits {
  /** So few that any app takes them at once; fewer never go. */
  atFirst: number
  atMost: number
  /** Without an answer for so long, the next goes all the same. */
  patienceMs: number
}

/** `atMost`: fewer than Node keeps in its queue of new connections (511), for others come besides. */
const usualLimits: PaceLimits = { atFirst: 32, atMost: 400, patienceMs: 1000 }

interface Begun {
  at: number
  /** Undefined as long as it is not answered. */
  afterMs?: number
}

const isAnswered = ({ afterMs }: Begun): boolean => afterMs !== undefined

/** What comes of the last one that goes is known only after an answer's time: by then it may be half as many again. */
const more = 0.5

/** Slower than twice the usual, and by more than the jitter of a busy machine: it has enough to do. */
const enough = (usualMs: number): number => usualMs * 2 + 20

/**
 * Of those who went first; undefined as long as too few of them are answered, or some may be at once. Where one in ten
 * takes long, that is usual: when fewer do, the others make up for them.
 */
function usualOf(first: readonly Begun[], { atFirst, patienceMs }: PaceLimits): number | undefined {
  const now = performance.now()
  const isKnown = (begun: Begun): boolean => isAnswered(begun) || now - begun.at >= patienceMs
  if (first.filter(isAnswered).length < atFirst / 2 || first.length < atFirst || !first.every(isKnown)) return undefined
  const sorted = first.map(({ at, afterMs }) => afterMs ?? now - at).toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length * 0.9)]
}
