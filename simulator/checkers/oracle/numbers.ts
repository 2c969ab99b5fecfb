// The product's numbers, written down once more from the product's description, and which of them staff had
// in force lately: a runner may not have heard of a change yet. No number here comes from the server's code.
import type { Change } from "../rows.ts"
import type { CheckerContext } from "../rule.ts"

const defaults = {
  max_customers_per_mitra: 3,
  mitra_stale_after_seconds: 45,
  mitra_background_grace_seconds: 300,
  mitra_ping_required: true,
  mitra_decline_cooldown_seconds: 0,
  mitra_parallel_offers_max: 5,
  mitra_missed_offers_pause: 0,
  pairing_wave_size: 0,
  pairing_wave_growth: 1,
  pairing_wave_seconds: 15,
  pairing_acceptance_seconds: 0,
  mitra_gone_pause_seconds: 600,
  mitra_hold_seconds: 900,
  reroute_propose_after_seconds: 120,
  pairing_offers_max: 200,
  pairing_blast_timeout_seconds: 60,
  pairing_search_again_seconds: 3,
  pairing_queue_enabled: true,
  returning_chat_confirmation_timeout_seconds: 20,
  extension_timeout_seconds: 10,
  extension_default_action_on_timeout: "auto_approve",
  closing_grace_seconds: 300,
  payment_session_timeout_minutes: 20,
  mitra_may_end_session: false,
  topic_sensitive_is_final: false,
  push_paused: false
} as const

export type NumberName = keyof typeof defaults
type Value = number | boolean | string

/** Seconds before the end at which both are warned. */
export const warnings: ReadonlyArray<number> = [180, 60]

/** A broadcast may be lost; a runner reads the settings anew once a minute. */
const knownLateMs = 90_000
/** Where nothing has been broken for long, every runner hears of a change at once. */
const heardWithinMs = 10_000
const recoversMs = 60_000

export class Numbers {
  readonly #context: CheckerContext
  readonly #values = new Map<string, Array<{ readonly value: Value; readonly from_ms: number }>>()

  constructor(context: CheckerContext) {
    this.#context = context
    for (const [name, standard] of Object.entries(defaults)) {
      const stored = context.tables.settings.get(name)?.value as Value | undefined
      this.#values.set(name, [{ value: stored ?? standard, from_ms: 0 }])
    }
  }

  /** To be called with every change of the settings table. */
  readonly changed = ({ after, key }: Change<{ readonly value: unknown }>): void => {
    const value = (after?.value as Value | undefined) ?? defaults[key as NumberName]
    this.#values.get(key)?.push({ value, from_ms: this.#context.now_ms() })
  }

  /** The values that some runner may use now; the newest is the last. */
  lately(name: NumberName): ReadonlyArray<Value> {
    const isSteady = this.#context.steadyFor_ms() > knownLateMs + recoversMs
    const within_ms = isSteady ? heardWithinMs : knownLateMs
    const values = this.#values.get(name) ?? []
    const since = this.#context.now_ms() - within_ms
    const first = values.findLastIndex(({ from_ms }) => from_ms <= since)
    return values.slice(Math.max(0, first)).map(({ value }) => value)
  }

  may(name: NumberName, value: Value): boolean {
    return this.lately(name).includes(value)
  }

  /** No runner may use another value. */
  surely(name: NumberName, value: Value): boolean {
    return this.lately(name).every((each) => each === value)
  }

  largest(name: NumberName): number {
    return Math.max(...this.lately(name).map(Number))
  }

  smallest(name: NumberName): number {
    return Math.min(...this.lately(name).map(Number))
  }
}
