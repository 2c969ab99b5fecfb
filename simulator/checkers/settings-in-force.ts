// The product's numbers as the rules know them: defaults of the product description, and which values staff
// had in force lately. Written down here once more on purpose: a changed default must be noticed.
import type { Change } from "./rows.ts"
import type { CheckerContext } from "./rule.ts"

const defaults = {
  max_customers_per_mitra: 3,
  mitra_stale_after_seconds: 45,
  mitra_background_grace_seconds: 300,
  mitra_hold_seconds: 900
} as const
type Name = keyof typeof defaults

/** A runner that did not hear of a change uses the old value for so long. */
const knownLateMs = 120_000

/** The values of one setting that some runner may still use. */
export class SettingInForce {
  readonly #name: Name
  readonly #context: CheckerContext
  /** Oldest first; each is in force until the next one began, and a while longer. */
  #values: Array<{ readonly value: number; readonly from_ms: number }>

  constructor(context: CheckerContext, name: Name) {
    this.#name = name
    this.#context = context
    const stored = context.tables.settings.get(name)?.value
    this.#values = [{ value: typeof stored === "number" ? stored : defaults[name], from_ms: 0 }]
  }

  /** To be called with every change of the settings table. */
  readonly changed = ({ after, key }: Change<{ readonly value: unknown }>): void => {
    if (key !== this.#name) return
    const value = typeof after?.value === "number" ? after.value : defaults[this.#name]
    this.#values.push({ value, from_ms: this.#context.now_ms() })
  }

  get largest(): number {
    return Math.max(...this.#lately())
  }

  get smallest(): number {
    return Math.min(...this.#lately())
  }

  #lately(): ReadonlyArray<number> {
    const since = this.#context.now_ms() - knownLateMs
    while ((this.#values[1]?.from_ms ?? Number.POSITIVE_INFINITY) < since) this.#values.shift()
    return this.#values.map(({ value }) => value)
  }
}
