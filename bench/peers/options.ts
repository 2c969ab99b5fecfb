// `npm run bench -- peers [flags]`: what is measured, how often and how large.
import { flagsOf } from "../../testkit/command-line.mjs"

export interface Size {
  /** Of each load that lasts. */
  readonly seconds: number
  readonly chats: number
  readonly in_flight: number
  /** Messages per second, of each open loop. */
  readonly rates: ReadonlyArray<number>
  readonly heartbeats_in_flight: number
  readonly beacons_in_flight: number
  readonly phones: number
  readonly at_once: number
  /** At most so many mitras are online where a scenario names a number. */
  readonly online_max: number
  readonly blasts: number
  readonly accepts: number
  /** Messages per second of the mixed day. */
  readonly day_rate: number
}

export interface Options {
  /** Names, or the beginning of names up to a dash; empty: all that are not optional. */
  readonly scenarios: ReadonlyArray<string>
  readonly rounds: number
  /** A round that nobody counts, before the others. */
  readonly warm_up: boolean
  /** Scenarios follow each other in the same world, which is quick and no way to measure. */
  readonly share_worlds: boolean
  readonly only: ReadonlyArray<string>
  /** A folder with another checkout of this server. */
  readonly against: string | null
  readonly size: Size
  /** A PostgreSQL whose user may create databases; null: DATABASE_URL's, else one of our own. */
  readonly postgres: string | null
}

export const fullSize: Size = {
  seconds: 10,
  chats: 200,
  in_flight: 1000,
  rates: [500, 1000],
  heartbeats_in_flight: 200,
  beacons_in_flight: 32,
  phones: 1000,
  at_once: 100,
  online_max: 10_000,
  blasts: 30,
  accepts: 60,
  day_rate: 200
}

/** Enough to see that everything works, and nothing about speed. */
export const smokeSize: Size = {
  seconds: 0.2,
  chats: 2,
  in_flight: 8,
  rates: [50],
  heartbeats_in_flight: 4,
  beacons_in_flight: 2,
  phones: 8,
  at_once: 4,
  online_max: 4,
  blasts: 1,
  accepts: 2,
  day_rate: 20
}

const positive = (name: string, text: string): number => {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} expects a number above 0, got "${text}"`)
  return value
}

const list = (text: string): ReadonlyArray<string> => text.split(",").map((one) => one.trim())

export const usage =
  `npm run bench -- peers                every scenario, in rounds of all contenders in turn; then a table
  --smoke                               small and short: does all of it work
  --scenario message,blast              only these
  --only ours,seed,floor                only these contenders
  --against ../other                    another checkout of this server as well
  --rounds 3 --seconds 10               how often, how long
  --chats N --phones N --rates 20,40    how large`

const flags = {
  scenario: { type: "string" },
  rounds: { type: "string" },
  seconds: { type: "string" },
  chats: { type: "string" },
  rates: { type: "string" },
  phones: { type: "string" },
  only: { type: "string" },
  against: { type: "string" },
  smoke: { type: "boolean" }
} as const

export const readOptions = (args: ReadonlyArray<string>): Options => {
  const values = flagsOf(args, flags)
  const base = values.smoke === true ? smokeSize : fullSize
  const number = (name: "rounds" | "seconds" | "chats" | "phones", otherwise: number) => {
    const given = values[name]
    return given === undefined ? otherwise : positive(name, given)
  }
  return {
    scenarios: values.scenario === undefined ? [] : list(values.scenario),
    rounds: number("rounds", values.smoke === true ? 1 : 3),
    warm_up: values.smoke !== true,
    share_worlds: values.smoke === true,
    only: list(values.only ?? "ours,seed,floor"),
    against: values.against ?? null,
    size: {
      ...base,
      seconds: number("seconds", base.seconds),
      chats: number("chats", base.chats),
      phones: number("phones", base.phones),
      rates: values.rates === undefined ? base.rates : list(values.rates).map((one) => positive("rates", one))
    },
    postgres: null
  }
}
