// LIMITS: other numbers for the limits on strangers, by the names that refusals, metrics and log lines give
// them: `orders=40` or, where there is a burst and a pace, `messages=600:20`; comma separated.
import { text } from "./variables.ts"

/** Each with how many numbers it has: one, or how many at once and how many a second. */
export const limitNames = {
  sign_ups_minute: 1,
  codes_account: 1,
  codes_new_account: 1,
  codes_network: 1,
  codes_range: 1,
  guesses_minute: 1,
  guesses_ten_minutes: 1,
  guesses_hour: 1,
  requests_again_minute: 1,
  requests_again_hour: 1,
  reports: 1,
  orders: 1,
  orders_new_account: 1,
  orders_network: 1,
  orders_total: 1,
  open_orders: 1,
  unknown_sessions: 2,
  messages: 2,
  typing: 2,
  requests: 2,
  in_flight: 1,
  in_flight_of_person: 1,
  sockets_of_person: 1,
  connections: 1,
  connections_of_address: 1,
  connections_of_nobody: 1,
  new_connections: 2
} as const

export type LimitName = keyof typeof limitNames
export type GivenLimits = Partial<Readonly<Record<LimitName, readonly [number, ...ReadonlyArray<number>]>>>

const most = 10_000_000

const numbersOf = (given: string): readonly [number, ...ReadonlyArray<number>] | null => {
  const numbers = given.split(":").map((part) => /^\d+(\.\d+)?$/.test(part) ? Number(part) : 0)
  const [first, ...others] = numbers
  // At least one at once; a pace may be slower than one a second.
  const isSound = first !== undefined && Number.isInteger(first) && numbers.every((n) => n > 0 && n <= most)
  return isSound ? [first, ...others] : null
}

/** Null when it is not what the variable must look like; each name may be there once. */
export const limitsOf = (given: string): GivenLimits | null => {
  const found: Record<string, readonly [number, ...ReadonlyArray<number>]> = {}
  for (const part of given.split(",").map((each) => each.trim()).filter((each) => each !== "")) {
    const [name = "", numbers = "", ...more] = part.split("=").map((each) => each.trim())
    const read = numbersOf(numbers)
    const isKnown = Object.hasOwn(limitNames, name) && !Object.hasOwn(found, name)
    if (!isKnown || read === null || more.length > 0) return null
    if (read.length !== limitNames[name as LimitName]) return null
    found[name] = read
  }
  return found
}

export const limits = (name: string) => {
  const names = Object.entries(limitNames).map(([each, numbers]) => numbers === 2 ? `${each} (two)` : each)
  const expected = `comma separated name=number, or name=at_once:per_second where two are marked: ${
    names.join(", ")
  }`
  return text(name, expected, (given) => limitsOf(given) !== null, { development: "" })
}
