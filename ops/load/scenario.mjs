// What a load is: how many phones arrive a second, what each asks how often, how many chats run beside them
// and how fast they talk, how often mitras beat, and what must hold. A file of JSON may say it otherwise.
import { readFileSync } from "node:fs"

const full = {
  arrive_per_second: 200,
  steady_seconds: 60,
  phones: {
    count: 2_000,
    think_ms: 5_000,
    /** In turn, by every phone, between its pauses. */
    calls: [
      ["customer.pricing", {}],
      ["customer.pending_payments", {}],
      ["customer.availability", {}]
    ]
  },
  /** Each of a customer and a mitra, who say something in turn. */
  chats: { count: 0, message_every_ms: 2_000, tier: "chat_60" },
  mitras: { heartbeat_every_ms: 10_000 },
  thresholds: { p95_ms: 200, p99_ms: 500, errors_share: 0.001 }
}

const smoke = {
  ...full,
  arrive_per_second: 50,
  steady_seconds: 3,
  phones: { ...full.phones, count: 100, think_ms: 500 },
  chats: { ...full.chats, message_every_ms: 300 }
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value)

/** Only names that exist, and numbers where there were numbers. */
const merged = (base, given, path = "") => {
  if (!isObject(given)) throw new Error(`${path || "the scenario"} must be an object`)
  const result = { ...base }
  for (const [name, value] of Object.entries(given)) {
    const at = path === "" ? name : `${path}.${name}`
    if (!(name in base)) {
      throw new Error(`${at} means nothing; known are ${Object.keys(base).join(", ")}`)
    }
    if (typeof base[name] === "number" && !(Number.isFinite(value) && value >= 0)) {
      throw new Error(`${at} must be a number`)
    }
    if (Array.isArray(base[name]) !== Array.isArray(value)) {
      throw new Error(`${at} has another form`)
    }
    result[name] = isObject(base[name]) ? merged(base[name], value, at) : value
  }
  return result
}

const parsed = (path) => {
  try {
    return JSON.parse(readFileSync(path, "utf8"))
  } catch (error) {
    throw new Error(`${path}: ${error.message}`, { cause: error })
  }
}

/** By the flags of the command line, the file first. */
export const scenarioOf = ({ chats, phones, rate, scenario, seconds, smoke: isSmall }) => {
  const base = merged(isSmall ? smoke : full, scenario === undefined ? {} : parsed(scenario))
  const number = (flag, otherwise) => (flag === undefined ? otherwise : Number(flag))
  return merged(base, {
    arrive_per_second: number(rate, base.arrive_per_second),
    steady_seconds: number(seconds, base.steady_seconds),
    phones: { count: number(phones, base.phones.count) },
    chats: { count: number(chats, base.chats.count) }
  })
}
