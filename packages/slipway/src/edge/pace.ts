/**
 * How quickly those who waited follow each other to the app. A hold of seconds may keep more of them than an app takes at
 * once: its queue of new connections overflows, its pool runs dry, and what was kept so that it would not fail does. So a
 * few go first; as long as they are answered about as quickly as those few, more go at a time, and fewer when they are not.
 * What takes long by itself is not mistaken for an app that has too much to do: it is as slow among few.
 */
export function pace(limits: PaceLimits = usualLimits): Pace {
  let allowed = limits.atFirst
  let unanswered = 0
  let usualMs: number | undefined
  const first: number[] = []
  const next: (() => void)[] = []

  function letNextGo(): void {
    while (unanswered < allowed) {
      const go = next.shift()
      if (go === undefined) return
      go()
    }
  }

  function learn(milliseconds: number): void {
    if (usualMs === undefined) {
      first.push(milliseconds)
      if (first.length === limits.atFirst) usualMs = median(first)
      return
    }
    const isQuick = milliseconds <= usualMs * slower + jitterMs
    allowed = Math.min(limits.atMost, Math.max(limits.atFirst, allowed + (isQuick ? 1 : -1)))
  }

  function begin(): Turn {
    const beganAt = performance.now()
    let isOver = false
    unanswered += 1
    const end = (): void => {
      if (isOver) return
      isOver = true
      clearTimeout(patience)
      unanswered -= 1
      letNextGo()
    }
    const patience = setTimeout(end, limits.patienceMs)
    return {
      answered() {
        learn(performance.now() - beganAt)
        end()
      },
      end,
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

export interface Turn {
  /** The app has begun to answer. */
  answered(): void
  /** It never will. Safe to repeat, and after the answer. */
  end(): void
}

export interface PaceLimits {
  /** So few that any app takes them at once; fewer never go. */
  atFirst: number
  atMost: number
  /** Without an answer for so long, the next goes all the same. */
  patienceMs: number
}

const usualLimits: PaceLimits = { atFirst: 32, atMost: 1024, patienceMs: 1000 }

/** Slower than this many times the usual, and by more than the jitter of a busy machine: it has enough to do. */
const slower = 2
const jitterMs = 20

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0
}
