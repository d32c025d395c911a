// Counts what was sent and how it ended. Every request ends as exactly one of ok and failed, or is outstanding.
const firstFailuresKept = 20

export class Tally {
  #began = performance.now()
  #ended
  #lastSuccess = this.#began
  #longestGap = 0
  #latest = 0
  #byKind = { read: { sent: 0, ok: 0, failed: 0 }, write: { sent: 0, ok: 0, failed: 0 } }
  #failures = new Map()
  #firstFailures = []
  #versions = new Map()
  #latencies = []

  sent(kind) {
    this.#byKind[kind].sent += 1
  }

  /** How long after its time a request left: large numbers mean that this machine was too busy to measure well. */
  late(milliseconds) {
    this.#latest = Math.max(this.#latest, milliseconds)
  }

  answered(request, result, dueAt) {
    const now = performance.now()
    if (!result.ok) return this.#failed(request, result, now, dueAt)
    this.#byKind[request.kind].ok += 1
    this.#longestGap = Math.max(this.#longestGap, now - this.#lastSuccess)
    this.#lastSuccess = now
    // From the time it was due, not from the time it left: a busy client may not hide waiting.
    this.#latencies.push(now - dueAt)
    if (result.version !== undefined) this.#versions.set(result.version, (this.#versions.get(result.version) ?? 0) + 1)
  }

  sendingEnded() {
    this.#ended = performance.now()
  }

  summary() {
    const { read, write } = this.#byKind
    const sent = read.sent + write.sent
    const ok = read.ok + write.ok
    const failed = read.failed + write.failed
    const seconds = ((this.#ended ?? performance.now()) - this.#began) / 1000
    const silentSince = Math.max(0, (this.#ended ?? performance.now()) - this.#lastSuccess)
    return {
      sent,
      ok,
      failed,
      outstanding: sent - ok - failed,
      byKind: { read: { ...read }, write: { ...write } },
      failures: Object.fromEntries(this.#failures),
      firstFailures: [...this.#firstFailures],
      latencyMs: percentiles(this.#latencies),
      longestGapMs: Math.round(Math.max(this.#longestGap, silentSince)),
      versions: Object.fromEntries(this.#versions),
      seconds: Math.round(seconds * 1000) / 1000,
      latestStartMs: Math.round(this.#latest),
    }
  }

  #failed(request, { failure, said }, now, dueAt) {
    this.#byKind[request.kind].failed += 1
    this.#failures.set(failure, (this.#failures.get(failure) ?? 0) + 1)
    if (this.#firstFailures.length >= firstFailuresKept) return
    this.#firstFailures.push({
      at: new Date(performance.timeOrigin + now).toISOString(),
      afterMs: Math.round(now - dueAt),
      request: `${request.method} ${request.path}`,
      failure,
      ...(said === undefined ? {} : { said }),
    })
  }
}

/** Of the successes, in milliseconds. */
function percentiles(latencies) {
  const sorted = Float64Array.from(latencies).sort()
  const at = share => rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))])
  return { p50: at(0.5), p99: at(0.99), max: rounded(sorted.at(-1)) }
}

const rounded = value => (value === undefined ? 0 : Math.round(value * 10) / 10)
