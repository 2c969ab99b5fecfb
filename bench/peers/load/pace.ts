// When the load does the next thing. Open: at times that a schedule fixed beforehand, however slow the
// answers are, and waits are counted from the due time. Closed: as soon as one of n in flight is answered.

export interface Pace {
  /** Things in flight at once; null: open loop. */
  readonly in_flight: number | null
  /** Things per second; null: closed loop. */
  readonly rate: number | null
  readonly seconds: number
}

const drainMs = 15_000
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export interface Paced {
  readonly started: number
  /** To the last answer, in ms. */
  readonly took_ms: number
  readonly done: number
  readonly waits: ReadonlyArray<number>
}

/**
 * `act` begins the nth thing, which was due at `due`, and says when it is answered. `isDrained` tells whether
 * everything that must follow from the answers has happened as well.
 */
export const paced = async (
  { in_flight, rate, seconds }: Pace,
  act: (nth: number, due: number, done: () => void) => void,
  isDrained: () => boolean = () => true
): Promise<Paced> => {
  const waits: Array<number> = []
  const started = performance.now()
  const until = started + seconds * 1000
  let begun = 0
  let last = started
  const begin = (due: number) => {
    const nth = begun++
    act(nth, due, () => {
      last = performance.now()
      waits.push(last - due)
      if (in_flight !== null && last < until) begin(last)
    })
  }
  if (rate === null) {
    for (let slot = 0; slot < (in_flight ?? 1); slot += 1) begin(performance.now())
    await pause(seconds * 1000)
  } else {
    const total = Math.ceil(rate * seconds)
    for (let nth = 0; nth < total; nth += 1) {
      const due = started + nth * 1000 / rate
      while (performance.now() < due) await pause(1)
      begin(due)
    }
  }
  for (const late = performance.now() + drainMs; performance.now() < late; await pause(5)) {
    if (waits.length === begun && isDrained()) break
  }
  return { started, took_ms: last - started, done: begun, waits }
}

const at = (sorted: Float64Array, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN

/** Of milliseconds. */
export const quantiles = (waits: ReadonlyArray<number>) => {
  const sorted = Float64Array.from(waits).toSorted()
  return { p50: at(sorted, 0.5), p99: at(sorted, 0.99), max: at(sorted, 1) }
}
