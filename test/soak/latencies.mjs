// Latencies by what was going on when a request was due: at rest, in a deployment, in one that held requests.
/** Windows may be named after their end: whether a deployment held is known only then. */
export class Latencies {
  #answers = []
  #windows = []

  heard({ dueAt, milliseconds, ok }) {
    this.#answers.push({ dueAt, milliseconds, ok })
  }

  window(name, from, to) {
    this.#windows.push({ name, from, to })
  }

  /** By name: how many requests were due in its windows, how many failed, and how long the others took. */
  summary() {
    const found = {}
    for (const name of new Set(this.#windows.map(each => each.name))) {
      const windows = this.#windows.filter(each => each.name === name)
      const within = this.#answers.filter(({ dueAt }) => windows.some(({ from, to }) => dueAt >= from && dueAt < to))
      found[name] = { windows: windows.length, requests: within.length, ...percentiles(within) }
    }
    return found
  }
}

function percentiles(answers) {
  const sorted = Float64Array.from(answers.filter(({ ok }) => ok).map(({ milliseconds }) => milliseconds)).sort()
  const at = share =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10
  return { failed: answers.length - sorted.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) }
}
