// Every number that bounds what one person, address, network or all strangers together may ask for, in one
// place; those of a single socket are in ../socket/limits.ts. Meant for strangers with scripts: thousands of
// phones share a carrier's address, so an address is given what a town's phones need, and a person what a
// person does. Refusing says when to come back, and leaves a line and a count.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { refuse, type RefusalCode } from "../../domain/refusal.ts"
import { type RateLimit, RateLimits } from "../../services/platform/rate-limits.ts"
import { makePace, type Pace } from "../paces.ts"
import { tellRateLimited } from "../security-events.ts"
import { type GivenNumbers, WireClock } from "../socket/limits.ts"
import { networkOf } from "./networks.ts"

export interface Quota extends RateLimit {
  readonly code: RefusalCode
  readonly says: string
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const slower = { code: "RATE_LIMITED", says: "Too many of these. Please try again later." } as const

const table = {
  sign_ups_per_network_minute: { name: "sign_ups_minute", asks_max: 120, window_ms: minute, ...slower },
  sign_ups_per_network: { name: "sign_ups", asks_max: 600, window_ms: hour, ...slower },
  sign_ups_in_total: { name: "sign_ups_total", asks_max: 20_000, window_ms: hour, ...slower },
  codes_per_account: { name: "codes_account", asks_max: 20, window_ms: day, ...slower },
  /** Accounts are free: one of less than a day proves its own phone, perhaps after a mistake or two. */
  codes_per_new_account: { name: "codes_new_account", asks_max: 10, window_ms: day, ...slower },
  codes_per_network: { name: "codes_network", asks_max: 300, window_ms: day, ...slower },
  codes_in_total: { name: "codes_total", asks_max: 10_000, window_ms: day, ...slower },
  /** Of ten thousand phones that follow each other: bought in a row, they are one stranger's. */
  codes_per_range: { name: "codes_range", asks_max: 500, window_ms: day, ...slower },
  /** Each further guess waits longer, whatever code it is for; a person mistypes one or two. */
  guesses_minute: { name: "guesses_minute", asks_max: 8, window_ms: minute, ...slower },
  guesses_ten_minutes: { name: "guesses_ten_minutes", asks_max: 12, window_ms: 10 * minute, ...slower },
  guesses_hour: { name: "guesses_hour", asks_max: 20, window_ms: hour, ...slower },
  /** All mitras are asked with each: a request may end after ten seconds, a person asks a few times. */
  requests_again_minute: { name: "requests_again_minute", asks_max: 10, window_ms: minute, ...slower },
  requests_again_hour: { name: "requests_again_hour", asks_max: 100, window_ms: hour, ...slower },
  reports_per_person: { name: "reports", asks_max: 20, window_ms: day, ...slower },
  orders_per_customer: { name: "orders", asks_max: 20, window_ms: hour, ...slower },
  orders_per_new_account: { name: "orders_new_account", asks_max: 12, window_ms: hour, ...slower },
  orders_per_network: { name: "orders_network", asks_max: 1_000, window_ms: hour, ...slower },
  orders_in_total: { name: "orders_total", asks_max: 20_000, window_ms: hour, ...slower }
} as const satisfies Record<string, Quota>

export type QuotaName = keyof typeof table

/** An account is new for a day. */
export const newForMs = day

export interface QuotaTable extends Readonly<Record<QuotaName, Quota>> {
  /** Payments a customer may leave open, that is, neither paid, nor given up, nor run out. */
  readonly open_orders_per_customer: number
  /** Sessions that somebody names without taking part in them. */
  readonly unknown_sessions_per_person: Pace
  readonly messages_per_chat_and_side: Pace
  readonly typing_per_chat_and_side: Pace
  /** What phones that a code is sent to begin with; empty: any on earth. */
  readonly code_countries: ReadonlyArray<string>
  /** Phones of demo people, whose codes go to a log: asked for again and again by who tries things out. */
  readonly free_of_cooldown: ReadonlyArray<string>
  /** False where the machine's own address is a tester and no proxy. */
  readonly counts_loopback: boolean
}

export const quotas: QuotaTable = {
  ...table,
  open_orders_per_customer: 5,
  unknown_sessions_per_person: { burst: 30, per_second: 0.5 },
  messages_per_chat_and_side: { burst: 600, per_second: 20 },
  typing_per_chat_and_side: { burst: 1, per_second: 1 },
  code_countries: ["+62"],
  free_of_cooldown: [],
  counts_loopback: false
}

const pacesNamed = {
  unknown_sessions: "unknown_sessions_per_person",
  messages: "messages_per_chat_and_side",
  typing: "typing_per_chat_and_side"
} as const

/** With the numbers of an operator. */
export const quotasWith = (table: QuotaTable, given: GivenNumbers): QuotaTable => ({
  ...table,
  ...Object.fromEntries(
    Object.entries(table).flatMap(([key, quota]) => {
      const number = isQuota(quota) ? given[quota.name]?.[0] : undefined
      return number === undefined ? [] : [[key, { ...quota, asks_max: number }]]
    })
  ),
  ...Object.fromEntries(
    Object.entries(pacesNamed).flatMap(([name, key]) => {
      const [burst, per_second = burst] = given[name] ?? []
      return burst === undefined ? [] : [[key, { burst, per_second }]]
    })
  ),
  open_orders_per_customer: given["open_orders"]?.[0] ?? table.open_orders_per_customer
})

const isQuota = (value: unknown): value is Quota =>
  typeof value === "object" && value !== null && "asks_max" in value

export const Quotas = Context.Reference<QuotaTable>("halobestie/http/Quotas", {
  defaultValue: () => quotas
})

const isLoopback = (address: string): boolean => /^(127\.|::1$|::ffff:127\.)/.test(address)

/** Takes one of each, the first that is used up refuses. */
export const within = Effect.fnUntraced(function*(name: QuotaName, who: string) {
  const quota = (yield* Quotas)[name]
  const wait = yield* (yield* RateLimits).take(quota, who)
  if (wait === null) return
  yield* tellRateLimited(quota.name, who)
  return yield* refuse(quota.code, quota.says, {
    limit: quota.name,
    retry_after_seconds: Math.ceil(wait.retry_after_ms / 1000)
  })
})

const isCounted = (address: string) =>
  Effect.map(Quotas, ({ counts_loopback }) => counts_loopback || !isLoopback(address))

const rangeDigits = 4

/** Ids begin with the time at which they were made; an id that does not is of the demo or of a test. */
const isNew = (accountId: string, now: number): boolean =>
  accountId.charAt(14) === "7" &&
  now - Number.parseInt(accountId.replace("-", "").slice(0, 12), 16) < newForMs

/** The same for an account: accounts are free, so a new one is given less. */
export const withinAccount = Effect.fnUntraced(function*(
  name: QuotaName,
  whileNew: QuotaName,
  accountId: string
) {
  yield* within(name, accountId)
  if (isNew(accountId, yield* Clock.currentTimeMillis)) yield* within(whileNew, accountId)
})

/** For a code to this phone: its whole range of numbers counts as one. */
export const withinRange = Effect.fnUntraced(function*(phone: string, address: string) {
  if (yield* isCounted(address)) yield* within("codes_per_range", phone.slice(0, -rangeDigits))
})

/** For one guess at the codes that this network asked for. */
export const withinGuesses = Effect.fnUntraced(function*(phone: string, address: string) {
  if (!(yield* isCounted(address))) return
  const who = `${phone}/${networkOf(address)}`
  yield* within("guesses_minute", who)
  yield* within("guesses_ten_minutes", who)
  yield* within("guesses_hour", who)
})

/** The same for an address: all of an IPv6 /64 is one customer's, so it counts as one. */
export const withinNetwork = Effect.fnUntraced(function*(name: QuotaName, address: string) {
  if (yield* isCounted(address)) yield* within(name, networkOf(address))
})

/** `take` refuses with the time to wait. */
export const paced = (name: string, pace: Pace) => {
  const take = makePace(pace)
  const ask = (who: string) =>
    Effect.flatMap(WireClock, (clock) => {
      const wait = take(who, clock.currentTimeMillisUnsafe())
      if (wait === 0) return Effect.void
      return Effect.andThen(
        tellRateLimited(name, who),
        refuse("RATE_LIMITED", slower.says, { limit: name, retry_after_seconds: Math.ceil(wait / 1000) })
      )
    })
  return Object.assign(ask, { giveBack: take.giveBack })
}
