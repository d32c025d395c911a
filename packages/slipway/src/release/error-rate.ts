import type { Answered } from './ports.ts'

/** Compares the share of failed answers in the last seconds with that of the release before. Pure. */
export class ErrorRate {
  private readonly before: number
  private samples: { at: number; answered: Answered }[] = []

  constructor(before: Answered | undefined) {
    this.before = before === undefined || before.requests === 0 ? 0 : before.failed / before.requests
  }

  /** Counters as they are at a moment; returns why they are too bad. */
  add(at: number, answered: Answered): string | undefined {
    const newest = this.samples.at(-1)
    // A door that was started again counts from nought.
    if (newest !== undefined && answered.requests < newest.answered.requests) this.samples = []
    const recent = this.samples.filter(sample => at - sample.at <= windowMs)
    // Whatever was before the first look was not seen: nothing is compared with it.
    const since = (recent[0] ?? this.samples.at(-1))?.answered ?? (newest === undefined ? answered : none)
    this.samples = [...recent, { at, answered }]
    const failed = answered.failed - since.failed
    // An app that does not answer fails requests before they are counted as ended.
    const share = failed / Math.max(answered.requests - since.requests, failed, 1)
    if (failed < fewestFailures || share < bearable + 2 * this.before) return undefined
    return `${percent(share)} of the answers are errors; with the release before it was ${percent(this.before)}`
  }
}

const none: Answered = { requests: 0, failed: 0 }
const windowMs = 5000
/** Few enough for a small app, and more than one unlucky client's. */
const fewestFailures = 10
const bearable = 0.05

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
}
