import type { Readable, Writable } from 'node:stream'
import type { AgreementKey, Decisions, Following, Report } from '../../release/several/agreement.ts'
import { SlipwayError } from '../../support/errors.ts'
import { boundedLines } from './lines.ts'
import { agreementGreeting, longestAnswer, readAnswer, type Ask } from './protocol.ts'
import { shortened } from './report.ts'

/**
 * The side of a follower: it asks over one connection, which is made when it is needed and made anew when it was lost.
 * A question that is not answered within seconds fails, and so does one that comes too soon after a failure.
 */
export function followingOver(connect: Connect, { server, key, limits = usualLimits }: FollowerOf): Following {
  let line: Promise<Line> | undefined
  let failed: { at: number; why: string } | undefined
  const asked = async (ask: Omit<Ask, 'ask'>): Promise<Decisions> => {
    // Whoever answers ends a connection on which nothing is asked.
    const known = line
    if ((await known?.catch(() => undefined))?.isBroken === true && line === known) line = undefined
    if (line === undefined) {
      // Whoever asks four times a second must not log in as often.
      if (failed !== undefined && performance.now() - failed.at < limits.pauseMs) throw notAnswered(failed.why)
      line = connect().then(channel => new Line(channel, limits))
      line.catch(() => undefined)
    }
    const asking = line
    try {
      return await (await asking).ask(ask)
    } catch (error) {
      asking.then(each => each.close()).catch(() => undefined)
      if (line === asking) line = undefined
      failed = { at: performance.now(), why: error instanceof Error ? error.message : String(error) }
      throw notAnswered(failed.why)
    }
  }
  return {
    role: 'follows',
    server,
    key,
    ask: (of, report) => asked({ key: of, ...(report === undefined ? {} : { report: fitting(report) }) }),
  }
}

export type Connect = () => Promise<Channel>

/** A program on the other side, on its standard streams. None of it keeps this process from ending. */
export interface Channel {
  input: Writable
  output: Readable
  /** Why it ended, when it has. */
  ended: Promise<string>
  close(): void
}

interface FollowerOf {
  server: string
  key: AgreementKey
  limits?: Limits
}

interface Limits {
  /** For a login and the start of the answering side. */
  connectMs: number
  answerMs: number
  pauseMs: number
}

const usualLimits: Limits = { connectMs: 15_000, answerMs: 5000, pauseMs: 1000 }

function fitting(report: Report): Report {
  return report.why === undefined ? report : { ...report, why: shortened(report.why) }
}

/** One connection with its questions that wait for an answer. */
class Line {
  readonly #channel: Channel
  readonly #limits: Limits
  readonly #waiting = new Map<number, { resolve(decisions: Decisions): void; reject(error: Error): void }>()
  readonly #greeted: Promise<void>
  #asked = 0
  #broken: Error | undefined

  constructor(channel: Channel, limits: Limits) {
    this.#channel = channel
    this.#limits = limits
    channel.input.on('error', error => this.#break(error))
    void channel.ended.then(why => this.#break(new Error(why)))
    this.#greeted = new Promise<void>((resolve, reject) => void this.#listen(resolve, reject))
    this.#greeted.catch(() => undefined)
  }

  get isBroken(): boolean {
    return this.#broken !== undefined
  }

  async ask(asked: Omit<Ask, 'ask'>): Promise<Decisions> {
    await within(this.#limits.connectMs, this.#greeted, 'it does not let this server in')
    if (this.#broken !== undefined) throw this.#broken
    const ask: Ask = { ask: (this.#asked += 1), ...asked }
    const answer = new Promise<Decisions>((resolve, reject) => this.#waiting.set(ask.ask, { resolve, reject }))
    answer.catch(() => undefined)
    this.#channel.input.write(`${JSON.stringify(ask)}\n`)
    return within(this.#limits.answerMs, answer, 'it does not answer').finally(() => this.#waiting.delete(ask.ask))
  }

  close(): void {
    this.#break(new Error('the connection was given up'))
    this.#channel.close()
  }

  async #listen(greeted: () => void, refused: (error: Error) => void): Promise<void> {
    let isGreeted = false
    try {
      for await (const line of boundedLines(this.#channel.output, longestAnswer)) {
        if (isGreeted) this.#take(line)
        // What a login prints comes before it.
        else if (line === agreementGreeting) greeted()
        isGreeted ||= line === agreementGreeting
      }
    } catch {
      // Why it ended, the program itself tells.
    }
    const why = new Error(await within(endsMs, this.#channel.ended, 'it ended the connection').catch(String))
    this.#break(why)
    refused(why)
  }

  #take(line: string): void {
    const answer = readAnswer(line)
    if (answer === undefined) return this.#break(new Error('its answer can not be read'))
    const waiting = this.#waiting.get(answer.of)
    if ('failed' in answer) waiting?.reject(new Error(answer.failed))
    else waiting?.resolve(answer.decisions)
  }

  #break(error: Error): void {
    this.#broken ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#broken)
  }
}

const endsMs = 2000

async function within<T>(milliseconds: number, promise: Promise<T>, otherwise: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

function notAnswered(why: string): SlipwayError {
  return new SlipwayError('ELSEWHERE_FAILED', 'The server that decides can not be asked', {
    why,
    next: 'Look whether it runs, and whether its private address is reached from here.',
  })
}
