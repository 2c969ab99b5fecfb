// A value's past: what it was at any instant between a question and its answer. An answer is right when it
// was so at one of them.

interface Step<A> {
  readonly at_ms: number
  readonly value: A
}

const keptMax = 4_000

export class Past<A> {
  readonly #steps: Array<Step<A>> = []

  constructor(first?: A) {
    if (first !== undefined) this.#steps.push({ at_ms: 0, value: first })
  }

  set(at_ms: number, value: A): void {
    this.#steps.push({ at_ms, value })
    if (this.#steps.length > keptMax) this.#steps.splice(0, keptMax / 2)
  }

  get latest(): A | undefined {
    return this.#steps.at(-1)?.value
  }

  /** All that it was since then, oldest first: what held just before that instant, too. */
  since(at_ms: number): ReadonlyArray<A> {
    const first = this.#steps.findLastIndex((step) => step.at_ms < at_ms)
    return this.#steps.slice(Math.max(0, first)).map(({ value }) => value)
  }
}

/** When the newest frame of each kind left its phone: from then on its answer may be right. */
export class Asked<Who extends object> {
  readonly #at = new Map<Who, Map<string, Array<number>>>()

  ask(who: Who, what: string, at_ms: number): void {
    const mine = this.#at.get(who) ?? new Map<string, Array<number>>()
    this.#at.set(who, mine)
    const times = mine.get(what) ?? []
    mine.set(what, times)
    times.push(at_ms)
  }

  /** When this was asked first since the last answer; every answer takes one question. */
  answered(who: Who, what: string): number | null {
    return this.#at.get(who)?.get(what)?.shift() ?? null
  }
}
