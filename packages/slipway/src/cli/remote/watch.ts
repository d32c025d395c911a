import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerConfig } from '../../config/model.ts'
import type { Event } from '../../release/events.ts'
import type { DeploymentRecord } from '../../release/model.ts'
import { errorOf } from '../../runner/error-document.ts'
import type { RunId } from '../../runner/names.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { Session } from './session.ts'
import type { Followed } from './calls.ts'

/**
 * Follows a runner to its end, over as many connections as it takes. Whoever stops following changes nothing; only
 * Ctrl-C in a terminal asks the runner to end, as it does for a deployment of this machine.
 */
export class Watch {
  readonly #watched: Watched
  #run: RunId | undefined
  #next = 0
  #reachedAt = performance.now()

  constructor(watched: Watched) {
    this.#watched = watched
    this.#run = watched.run
  }

  async toEnd(first: Asker, emit: (event: Event) => void): Promise<DeploymentRecord> {
    let session: Asker | undefined = first
    const interrupt = (): void => {
      if (this.#watched.mayEnd !== false && asksToEnd(this.#watched.signal) && this.#run !== undefined) {
        void session?.ask('interrupt', { run: this.#run }).catch(() => undefined)
      }
    }
    const { signal } = this.#watched
    const left = new Promise<never>((_, reject) => {
      const leave = (): void => (asksToEnd(signal) ? interrupt() : reject(this.#leaving()))
      if (signal.aborted) leave()
      else signal.addEventListener('abort', leave, { once: true })
    })
    left.catch(() => undefined)
    for (;;) {
      try {
        session ??= await Promise.race([this.#watched.reconnect(), left])
        const followed = await Promise.race([this.#follow(session, emit), left])
        return this.#recordOf(followed)
      } catch (error) {
        if (!isPassing(error)) throw error
        // It was there until now, however long it had nothing to tell.
        if (session !== undefined) this.#reachedAt = performance.now()
        session = undefined
        await Promise.race([this.#pause(error), left])
      }
    }
  }

  async #follow(session: Asker, emit: (event: Event) => void): Promise<Followed | null> {
    const sent = { from: this.#next, ...(this.#run === undefined ? {} : { run: this.#run }) }
    return session.ask('follow', sent, {
      told: ({ number, event, run }) => {
        this.#run = run
        if (number < this.#next) return
        this.#next = number + 1
        emit(event)
      },
    })
  }

  #recordOf(followed: Followed | null): DeploymentRecord {
    const { environment, server } = this.#watched
    if (followed === null) {
      throw new SlipwayError('NO_RELEASE', `Nothing was ever started on the server ${server.name} for ${environment}`, {
        next: `slipway deploy ${environment}`,
      })
    }
    if ('died' in followed) {
      throw new SlipwayError('RUNNER_FAILED', `The runner ${followed.run} is gone and did not say how it ended`, {
        why: 'its container was stopped or removed by somebody, or it could not be started again',
        state: 'what it had begun is ended by the next command',
        next: `slipway resume ${environment}`,
      })
    }
    if ('error' in followed.ended) throw errorOf(followed.ended.error, text => text)
    return followed.ended.record
  }

  async #pause(error: unknown): Promise<void> {
    const goneMs = performance.now() - this.#reachedAt
    if (goneMs > (this.#watched.patienceMs ?? patienceMs)) throw this.#given(error)
    this.#watched.note(
      `the connection to ${this.#watched.server.name} is gone; the deployment goes on. Connecting again`,
    )
    await sleep(this.#watched.pauseMs ?? pauseMs)
  }

  #given(error: unknown): SlipwayError {
    const { environment, server } = this.#watched
    return new SlipwayError('SERVER_LOST', `The server ${server.name} can not be reached any more`, {
      why: error instanceof SlipwayError ? (error.why ?? error.message) : String(error),
      state: 'the deployment goes on there, or has ended',
      next: `slipway attach ${environment}`,
    })
  }

  #leaving(): SlipwayError {
    const { environment, server } = this.#watched
    return new SlipwayError('INTERRUPTED', 'The command was ended; the deployment was not', {
      why: 'it is carried out by the server',
      state: `it goes on on ${server.name}`,
      next: `slipway attach ${environment}`,
    })
  }
}

type Asker = Pick<Session, 'ask'>

export interface Watched {
  /** Absent: the newest. */
  run: RunId | undefined
  signal: AbortSignal
  environment: string
  server: Pick<ServerConfig, 'name'>
  note(text: string): void
  /** Whether Ctrl-C asks this runner to end; of several servers, the others hear of it from the one that decides. */
  mayEnd?: boolean
  pauseMs?: number
  /** How long it may be gone. */
  patienceMs?: number
  reconnect(): Promise<Asker>
}

/** A person at a terminal who types Ctrl-C means the deployment. A job that is cancelled or a window that is closed does not. */
export function asksToEnd(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason === 'SIGINT' && process.stdin.isTTY
}

export const leavingNotice = 'This command ends; the deployment goes on on the server.'

/** What a network that comes and goes says. A server that does not let us in any more will not do so later. */
function isPassing(error: unknown): boolean {
  return error instanceof SlipwayError && (error.code === 'SERVER_LOST' || error.code === 'SERVER_UNREACHABLE')
}

/** Longer than a server takes to start again. */
const patienceMs = 180_000
const pauseMs = 2000
