// The command line of `npm run soak`: how long, which seed, how many people, which faults.
import { flagsOf, numberOf } from "../testkit/command-line.mjs"
import { faultNames } from "./faults.ts"

export interface SoakOptions {
  readonly minutes: number
  readonly seed: string
  /** Whether round so and so has several faults. */
  readonly isCombined: (round: number) => boolean
  readonly customers: number
  readonly mitras: number
  readonly faults: ReadonlyArray<string>
  /** Milliseconds that each byte to and from Postgres is late, all the time: how far away it is. */
  readonly distance_ms: number
  /** Where logs of runners and the table are kept; null: nowhere. */
  readonly folder: string | null
}

export const usage =
  `npm run soak -- --minutes 30 --seed 1             three runners, faults one after the other
  --combined                                     two or three faults at once
  --alternate                                    one fault, then two or three, then one
  --customers 40 --mitras 24                     people on real sockets
  --faults kill,freeze                           only these of ${faultNames.join(", ")}
  --distance 5                                   so many milliseconds to Postgres, each way
  --folder .soak                                 keeps the runners' logs and the table`

const chosen = (text: string | undefined): ReadonlyArray<string> => {
  if (text === undefined) return faultNames
  const names = text.split(",")
  const unknown = names.filter((name) => !faultNames.includes(name))
  if (unknown.length > 0) throw new Error(`there is no fault named ${unknown.join(", ")}`)
  return names
}

export const optionsOf = (args: ReadonlyArray<string>): SoakOptions => {
  const values = flagsOf(args, {
    minutes: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
    combined: { type: "boolean", default: false },
    alternate: { type: "boolean", default: false },
    customers: { type: "string", default: "40" },
    mitras: { type: "string", default: "24" },
    faults: { type: "string" },
    distance: { type: "string", default: "0" },
    folder: { type: "string" }
  })
  return {
    minutes: numberOf("--minutes", values.minutes, 0.1, 10_080),
    seed: values.seed,
    isCombined: (round) => values.alternate ? round % 2 === 0 : values.combined,
    customers: numberOf("--customers", values.customers, 1),
    mitras: numberOf("--mitras", values.mitras, 1),
    faults: chosen(values.faults),
    distance_ms: numberOf("--distance", values.distance, 0),
    folder: values.folder ?? null
  }
}
