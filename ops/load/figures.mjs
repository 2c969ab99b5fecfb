// What was measured: per second of the run, by kind of call, in buckets of a fixed number. Nothing grows with
// the number of calls: 20,000 phones on one core leave no room for it.

/** Each bucket reaches a twentieth further than the one before: 0.1 ms to ten minutes. */
const growth = 1.05
const leastMs = 0.1
const bucketsMax = Math.ceil(Math.log(600_000 / leastMs) / Math.log(growth)) + 1

const bucketOf = (ms) =>
  ms <= leastMs ? 0 : Math.min(bucketsMax - 1, Math.ceil(Math.log(ms / leastMs) / Math.log(growth)))

export class Latencies {
  #counts = new Uint32Array(bucketsMax)
  count = 0

  add(ms) {
    this.#counts[bucketOf(ms)] += 1
    this.count += 1
  }

  /** The upper end of the bucket: never less than it was. */
  quantile(share) {
    let left = Math.max(1, Math.ceil(this.count * share))
    for (let bucket = 0; bucket < bucketsMax; bucket++) {
      left -= this.#counts[bucket]
      if (left <= 0) return this.count === 0 ? 0 : leastMs * growth ** bucket
    }
    return 0
  }
}

export class Figures {
  /** By second since the start: { latencies, errors, open, server }. */
  seconds = []
  byKind = new Map()
  /** By what was said: how often. */
  errors = new Map()
  calls = 0
  failed = 0
  open = 0
  #startedAt = performance.now()
  #all = new Latencies()

  get second() {
    const index = Math.floor((performance.now() - this.#startedAt) / 1000)
    while (this.seconds.length <= index) {
      this.seconds.push({ latencies: new Latencies(), errors: 0, open: this.open, server: null })
    }
    return this.seconds[index]
  }

  answered(kind, ms) {
    const { second } = this
    this.calls += 1
    second.open = this.open
    second.latencies.add(ms)
    this.#all.add(ms)
    const own = this.byKind.get(kind) ?? new Latencies()
    this.byKind.set(kind, own)
    own.add(ms)
  }

  failedWith(kind, what) {
    this.calls += 1
    this.failed += 1
    this.second.errors += 1
    const text = `${kind}: ${what}`
    this.errors.set(text, (this.errors.get(text) ?? 0) + 1)
  }

  results() {
    return {
      p95_ms: this.#all.quantile(0.95),
      p99_ms: this.#all.quantile(0.99),
      errors_share: this.calls === 0 ? 1 : this.failed / this.calls
    }
  }
}
